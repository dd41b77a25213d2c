/** Rows about replaced logs and restored tables. Each needs its own topics or database. */
import type { ShownElsewhere } from './case.ts';

export const identityShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'R1',
    holds:
      'A command topic that was recreated and filled beyond the positions stops its lanes, and every command is decided in the end.',
    shownBy: 'tests/identity/command-topic.test.ts',
  },
  {
    id: 'R1b',
    holds: 'A second installation on the same database is refused at its start.',
    shownBy: 'tests/identity/installation.test.ts',
  },
  {
    id: 'R2',
    holds: 'A restored database stops every lane of every worker, and nothing is sold twice.',
    shownBy: 'tests/identity/database-back.test.ts',
  },
  {
    id: 'R8',
    holds:
      'Outcomes that were removed from the end of their topic are noticed, and published again byte by byte.',
    shownBy: 'tests/identity/outcome-topic.test.ts',
  },
  {
    id: 'R12',
    holds: 'A worker that was frozen after a lost COMMIT publishes no second outcome.',
    shownBy: 'npm run chaos -- commit-lost',
  },
];
