/** The primary key of an order: source partition, then offset. So each lane inserts at the end of its own range. */

const offsetSpan = 2 ** 48;
/** The highest partition. Keys of 31 partitions still fit a safe integer. */
const partitionMax = 30;

/**
 * The primary key of the order that was placed at this partition and offset. Throws RangeError for values outside the
 * valid range.
 */
export function orderKeyOf(partition: number, offset: number): number {
  if (!(partition >= 0 && partition <= partitionMax && offset >= 0 && offset < offsetSpan)) {
    throw new RangeError(`no order key for partition ${partition}, offset ${offset}`);
  }
  return partition * offsetSpan + offset;
}

/** The partition and offset of the PLACE command whose order has this key. */
export function placedAt(orderKey: number): { partition: number; offset: number } {
  const partition = Math.floor(orderKey / offsetSpan);
  return { partition, offset: orderKey - partition * offsetSpan };
}
