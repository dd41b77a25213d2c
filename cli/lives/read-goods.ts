/** The units of one order, and the end of its return window. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { nowSql, uuidToBytes } from '../../services/shared/mysql/index.ts';
import type { UnitSums } from './read-lives.ts';

/** The units of all lines. Null for an unknown or rejected order. */
export async function readUnits(db: Connection, orderId: string): Promise<UnitSums | null> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT SUM(quantity) AS ordered, SUM(cancelled) AS cancelled, SUM(shipped) AS shipped, SUM(returned) AS returned,
       SUM(restocked) AS restocked
     FROM orders JOIN order_items USING (order_key) WHERE order_id = ? AND status <> 'REJECTED' GROUP BY order_key`,
    [uuidToBytes(orderId)],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const numbers = Object.entries(row).map(([name, value]) => [name, Number(value)]);
  return Object.fromEntries(numbers) as UnitSums;
}

/** Ms until a delivered order closes, by the clock of the database. Null if the order is not delivered. */
export async function closesInMs(db: Connection, orderId: string): Promise<number | null> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT timer_at_ms - ${nowSql} AS ms FROM orders WHERE order_id = ? AND status = 'DELIVERED'`,
    [uuidToBytes(orderId)],
  );
  const ms = rows[0]?.['ms'] ?? null;
  return ms === null ? null : Number(ms);
}
