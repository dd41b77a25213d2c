/** Writes endpoints and counts rows in the tables of notification. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../reference/connect.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const pollMs = 100;

export interface NewEndpoint {
  readonly id: string;
  /** Id of the customer; `*` for all customers. */
  readonly customerId: string;
  readonly url: string;
}

/** Replaces all endpoints. */
export async function replaceEndpoints(
  connection: Connection,
  endpoints: readonly NewEndpoint[],
): Promise<void> {
  const nowMs = Date.now();
  await connection.query('DELETE FROM webhook_endpoints');
  await connection.query(
    'INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms) VALUES ?',
    [endpoints.map(({ id, customerId, url }) => [id, customerId, url, secret, nowMs, nowMs])],
  );
}

export interface Counted {
  readonly rows: number;
  /** Number of different events among the rows. */
  readonly events: number;
  readonly delivered: number;
}

/** Counts the rows of endpoints with this id prefix. */
export async function countRows(connection: Connection, endpointPrefix: string): Promise<Counted> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n, COUNT(DISTINCT event_id) AS events, COALESCE(SUM(status = 'DELIVERED'), 0) AS delivered
     FROM notification_deliveries WHERE endpoint_id LIKE ?`,
    [`${endpointPrefix}%`],
  );
  return { rows: Number(row!['n']), events: Number(row!['events']), delivered: Number(row!['delivered']) };
}

/** Number of outcomes with stored rows, over all partitions. The source offsets of the log must have no gaps. */
export async function countStored(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    'SELECT COALESCE(SUM(last_source_offset + 1), 0) AS n FROM notification_positions',
  );
  return Number(row!['n']);
}

/** Waits until `expected` rows are delivered. Returns the fault at the deadline, or null. */
export async function waitDelivered(
  connection: Connection,
  endpointPrefix: string,
  expected: number,
  deadlineMs: number,
): Promise<string | null> {
  const untilMs = performance.now() + deadlineMs;
  for (;;) {
    const counted = await countRows(connection, endpointPrefix);
    if (counted.delivered >= expected) {
      const { rows, events } = counted;
      return rows === expected && events === expected ? null : `${expected} orders have ${rows} rows`;
    }
    if (performance.now() > untilMs) {
      return `of ${expected} orders ${counted.rows} have rows and ${counted.delivered} were delivered in time`;
    }
    await sleep(pollMs);
  }
}
