import { createHash } from 'node:crypto';

/**
 * Number of partitions of every topic whose key is an order id or a SKU. The number never changes, because more
 * partitions need a v2 topic.
 */
export const PARTITIONS = 12;

/**
 * Partition of all records of one order.
 *
 * The rule is public: the first four bytes of the UUID, big-endian, modulo 12. Order ids are hashes, so their
 * first bytes are evenly distributed.
 *
 * @param orderId UUID in its 36-character text form
 * @throws RangeError if the id does not begin with eight hex digits
 */
export function partitionOfOrder(orderId: string): number {
  const head = orderId.slice(0, 8);
  if (!/^[0-9a-fA-F]{8}$/.test(head)) throw new RangeError(`not an order id: ${JSON.stringify(orderId)}`);
  return Number.parseInt(head, 16) % PARTITIONS;
}

/**
 * The partition of all records of one SKU. It is SHA-256 of the SKU in UTF-8: the first four bytes, big-endian,
 * modulo 12.
 */
export function partitionOfSku(sku: string): number {
  return createHash('sha256').update(sku, 'utf8').digest().readUInt32BE(0) % PARTITIONS;
}
