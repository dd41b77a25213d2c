/** Ways back of workers: each needs servers or workers of its own, so that tests and a chaos scenario show them. */
import type { ShownElsewhere } from './case.ts';

export const waysBackShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'R4',
    holds:
      "A worker's clock that is ahead stamps no record, and a record that is refused for its time is sent again.",
    shownBy: 'tests/integration/ways-back/worker.test.ts',
  },
  {
    id: 'R5',
    holds:
      'A lane that a server holds up says why, and goes on by itself within 30 s once the cause is gone.',
    shownBy: 'tests/integration/ways-back/worker.test.ts',
  },
  {
    id: 'R5b',
    holds:
      'A record that fails with an error of no table becomes a dead letter alone; in an outage none does.',
    shownBy: 'npm run chaos -- ways-back',
  },
  {
    id: 'R7',
    holds: 'A registry that was rebuilt with other ids makes no dead letter of a command in the log.',
    shownBy: 'tests/integration/ways-back/operator.test.ts',
  },
  {
    id: 'R11',
    holds: 'An operator skips a command that no worker decides; it ends as a dead letter, without a hole.',
    shownBy: 'tests/integration/ways-back/operator.test.ts',
  },
  {
    id: 'R16',
    holds: 'A process whose log nobody reads works on, counts what it drops, and ends in time.',
    shownBy: 'services/shared/log/output.test.ts',
  },
  {
    id: 'R17',
    holds: 'A member whose join is lost joins again, though its heartbeats are answered well.',
    shownBy: 'tests/integration/kafka/group-rejoin.test.ts',
  },
];
