/** What all checks share: a query, and the condition for the orders of a run. */
import type { RowDataPacket } from 'mysql2/promise';
import { orderKeyOf } from '../../../services/orders-db/index.ts';
import { PARTITIONS } from '../../../topics/partition.ts';
import type { Connection } from '../../reference/connect.ts';

/**
 * An SQL condition for the orders of the run. It matches all keys from the first offsets on, so that it finds extra
 * orders too.
 */
export function keysFrom(from: readonly number[], column: string): string {
  const ranges = from.map((offset, partition) => {
    const first = orderKeyOf(partition, offset);
    const last = orderKeyOf(partition + 1, 0) - 1;
    return `${column} BETWEEN ${first} AND ${last}`;
  });
  return `(${ranges.join(' OR ')})`;
}

/** An SQL condition for orders whose offset is in [first, end) of any partition. */
export function keysBetween(first: number, end: number, column: string): string {
  const ranges = Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      `${column} BETWEEN ${orderKeyOf(partition, first)} AND ${orderKeyOf(partition, end) - 1}`,
  );
  return `(${ranges.join(' OR ')})`;
}

export async function rows(connection: Connection, sql: string): Promise<RowDataPacket[]> {
  const [found] = await connection.query<RowDataPacket[]>(sql);
  return found;
}

/** The one number that the query selects as `n`. */
export async function countOf(connection: Connection, sql: string): Promise<number> {
  const [row] = await rows(connection, sql);
  return Number(row!['n']);
}
