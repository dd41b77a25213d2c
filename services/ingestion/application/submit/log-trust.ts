/**
 * Checks whether the command log still has the records that it acknowledged. A remembered position is valid only
 * while its partition has the leader epoch of the acknowledgement. A log that was truncated, restored or recreated
 * has another epoch.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import type { TopicState } from '../../../shared/kafka/index.ts';
import type { LogPosition } from '../common/ticket.ts';

export interface LogTrust {
  /** The leader epoch of a partition for new appends; null while unknown. */
  epochOf(partition: number): number | null;
  /** Whether records acknowledged under this epoch are certainly still in the log. */
  holds(position: LogPosition, epoch: number): boolean;
  /** The current value from the cluster. */
  update(state: TopicState): void;
}

/** The service believes a response of the cluster for this long. After that, the cluster may have another log. */
const believedForMs = 10_000;

export function createLogTrust({ clock }: { clock: Pick<Clock, 'monotonicMs'> }): LogTrust {
  let epochs: TopicState['leaderEpochs'] = new Map();
  let knownUntilMs = Number.NEGATIVE_INFINITY;
  const epochOf = (partition: number): number | null =>
    clock.monotonicMs() < knownUntilMs ? (epochs.get(partition) ?? null) : null;
  return {
    epochOf,
    holds: ({ partition }, epoch) => epochOf(partition) === epoch,
    update({ leaderEpochs }) {
      epochs = leaderEpochs;
      knownUntilMs = clock.monotonicMs() + believedForMs;
    },
  };
}
