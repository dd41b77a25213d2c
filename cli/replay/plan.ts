/**
 * Plans the target offsets of a consumer group. The function is pure, so a dry run shows exactly the moves of a
 * real run.
 */
import { GROUPS } from '../../topics/catalogue.ts';

export interface ReplayMove {
  partition: number;
  /** Null if the group has no offset there yet. */
  from: number | null;
  to: number;
  /** Number of records in the log that would be read again. A negative number of records would be left out. */
  again: number;
}

export interface PartitionRange {
  low: number;
  high: number;
}

/**
 * The groups of this product. They store their position with their effects, so a move of their offset replays
 * nothing.
 */
export const ownGroups: ReadonlySet<string> = new Set(Object.values(GROUPS));

/**
 * Moves of every partition, or of one.
 *
 * @param targets wanted offset by partition, limited to the range of the log
 */
export function planReplay(
  ranges: readonly PartitionRange[],
  committed: ReadonlyMap<number, bigint | null>,
  targets: readonly number[],
  only: number | undefined,
): ReplayMove[] {
  return ranges.flatMap(({ low, high }, partition) => {
    if (only !== undefined && partition !== only) return [];
    const offset = committed.get(partition) ?? null;
    const from = offset === null ? null : Number(offset);
    const to = Math.min(high, Math.max(low, targets[partition] ?? high));
    // A group without an offset would begin at the start or the end. This depends on its clients and is unknown
    // here.
    const again = from === null ? high - to : Math.max(low, Math.min(from, high)) - to;
    return [{ partition, from, to, again }];
  });
}
