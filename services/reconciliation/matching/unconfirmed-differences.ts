/**
 * Differences that may be in flight. A difference with a barrier is kept here when it is first seen. It counts if
 * it is seen again, unchanged, after the outcomes of its partition have been followed to the barrier. A changed
 * difference waits again. `tally.ts` limits the number of differences in one round of each check.
 */
import { type Difference, keyOf } from '../findings/finding-kinds.ts';

export interface Suspects {
  /**
   * Returns the differences of a check's round that count. Unconfirmed differences of this check that are not
   * seen again are dropped.
   */
  confirm(check: string, differences: readonly Difference[]): Difference[];
  size(): number;
}

/** @param followed returns the first source offset of the partition whose outcome has not been followed yet */
export function createSuspects(followed: (partition: number) => number): Suspects {
  const byCheck = new Map<string, Map<string, Difference>>();

  return {
    confirm(check, differences) {
      const before = byCheck.get(check) ?? new Map<string, Difference>();
      const kept = new Map<string, Difference>();
      byCheck.set(check, kept);
      return differences.filter((difference) => {
        if (difference.until === undefined) return true;
        const key = keyOf(difference);
        const suspect = before.get(key);
        const isSame = suspect !== undefined && sameSides(suspect, difference);
        const keep = isSame ? suspect : difference;
        kept.set(key, keep);
        const { partition, offset } = keep.until!;
        return isSame && followed(partition) >= offset;
      });
    },
    size: () => byCheck.values().reduce((sum, suspects) => sum + suspects.size, 0),
  };
}

function sameSides(a: Difference, b: Difference): boolean {
  return a.expected === b.expected && a.actual === b.actual;
}
