/**
 * Rows about recoveries of workers. Each needs its own servers or workers, so tests and a chaos scenario show
 * them.
 */
import type { ShownElsewhere } from './case.ts';

export const waysBackShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'R4',
    holds:
      "A worker's clock that is ahead does not affect timestamps, and a record refused for its time is sent again.",
    shownBy: 'tests/integration/ways-back/worker.test.ts',
  },
  {
    id: 'R5',
    holds: 'A lane that waits for a server shows why, and continues within 30 s once the cause is gone.',
    shownBy: 'tests/integration/ways-back/worker.test.ts',
  },
  {
    id: 'R5b',
    holds: 'Only the failing record becomes a dead letter after an unlisted error; in an outage none does.',
    shownBy: 'npm run chaos -- ways-back',
  },
  {
    id: 'R7',
    holds: 'After a registry is rebuilt with other ids, no command in the log becomes a dead letter.',
    shownBy: 'tests/integration/ways-back/operator.test.ts',
  },
  {
    id: 'R11',
    holds: 'An operator skips a command that no worker decides; it becomes a dead letter, without a gap.',
    shownBy: 'tests/integration/ways-back/operator.test.ts',
  },
  {
    id: 'R16',
    holds: 'A process whose log has no reader continues, counts dropped lines, and ends in time.',
    shownBy: 'services/shared/log/output.test.ts',
  },
  {
    id: 'R17',
    holds: 'A member whose join is lost joins again, even while its heartbeats succeed.',
    shownBy: 'tests/integration/kafka/group-rejoin.test.ts',
  },
];
