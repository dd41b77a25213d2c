/** Divides a limit of remembered records among partitions. */

interface Range {
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * The offset of each partition from which its records are remembered. All partitions together have `recordsMax` of them. Short
 * partitions are remembered whole, and the others share the rest equally.
 */
export function newestFrom(ranges: ReadonlyMap<number, Range>, recordsMax: number): Map<number, bigint> {
  const shortFirst = [...ranges].sort(([, a], [, b]) => Number(lengthOf(a) - lengthOf(b)));
  let [left, partitions] = [BigInt(recordsMax), BigInt(shortFirst.length)];
  return new Map(
    shortFirst.map(([partition, range]) => {
      const share = left / partitions;
      const length = lengthOf(range);
      const isWhole = length < share;
      const kept = isWhole ? length : share;
      left -= kept;
      partitions--;
      return [partition, range.high - kept];
    }),
  );
}

function lengthOf({ low, high }: Range): bigint {
  return high - low;
}
