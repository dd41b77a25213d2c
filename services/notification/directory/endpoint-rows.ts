/** Reads `webhook_endpoints` in pages along an index, so that no query result grows with the table. */
import type { Queryable } from '../../shared/mysql/index.ts';
import { parseFilter } from '../event-types.ts';
import type { Endpoint } from './endpoint.ts';

const pageRows = 2_000;
/** Maximum number of customers in one query. */
const customersMax = 200;

interface EndpointRow {
  endpoint_id: string;
  customer_id: string;
  url: string;
  event_types: string | null;
  secret: string;
  previous_secret: string | null;
  previous_until_ms: number | null;
  status: string;
  paused_at_ms: number | null;
  updated_at_ms: number;
}

const columns =
  'endpoint_id, customer_id, url, event_types, secret, previous_secret, previous_until_ms, status, ' +
  'paused_at_ms, updated_at_ms';

/** The number of rows, and the time of the newest change; 0 if there is none. */
export async function readStamp(mysql: Queryable): Promise<{ count: number; newestMs: number }> {
  const [row] = await mysql.rows<{ n: number; newest: number | null }>(
    'SELECT COUNT(*) AS n, MAX(updated_at_ms) AS newest FROM webhook_endpoints',
  );
  return { count: row?.n ?? 0, newestMs: row?.newest ?? 0 };
}

/** Every row that was changed at `sinceMs` or later, in order of the changes. */
export async function* readChangedSince(mysql: Queryable, sinceMs: number): AsyncGenerator<Endpoint> {
  let after = { updated_at_ms: sinceMs, endpoint_id: '' };
  for (;;) {
    const rows = await mysql.rows<EndpointRow>(
      `SELECT ${columns} FROM webhook_endpoints
       WHERE updated_at_ms >= ? AND (updated_at_ms > ? OR endpoint_id > ?)
       ORDER BY updated_at_ms, endpoint_id LIMIT ?`,
      [after.updated_at_ms, after.updated_at_ms, after.endpoint_id, pageRows],
    );
    yield* rows.map(endpointOf);
    if (rows.length < pageRows) return;
    after = rows.at(-1)!;
  }
}

/** The number of rows of each customer. */
export async function* readCounts(mysql: Queryable): AsyncGenerator<{ customerId: string; count: number }> {
  for (let after = ''; ; ) {
    const rows = await mysql.rows<{ customer_id: string; n: number }>(
      `SELECT customer_id, COUNT(*) AS n FROM webhook_endpoints WHERE customer_id > ?
       GROUP BY customer_id ORDER BY customer_id LIMIT ?`,
      [after, pageRows],
    );
    yield* rows.map((row) => ({ customerId: row.customer_id, count: row.n }));
    if (rows.length < pageRows) return;
    after = rows.at(-1)!.customer_id;
  }
}

/** Every row of these customers. */
export async function* readOfCustomers(
  mysql: Queryable,
  customerIds: readonly string[],
): AsyncGenerator<Endpoint> {
  for (let from = 0; from < customerIds.length; from += customersMax) {
    const ids = customerIds.slice(from, from + customersMax);
    for (let after = ''; ; ) {
      const rows = await mysql.rows<EndpointRow>(
        `SELECT ${columns} FROM webhook_endpoints
         WHERE customer_id IN (${ids.map(() => '?').join(', ')}) AND endpoint_id > ?
         ORDER BY endpoint_id LIMIT ?`,
        [...ids, after, pageRows],
      );
      yield* rows.map(endpointOf);
      if (rows.length < pageRows) break;
      after = rows.at(-1)!.endpoint_id;
    }
  }
}

function endpointOf(row: EndpointRow): Endpoint {
  return {
    id: row.endpoint_id,
    customerId: row.customer_id,
    url: row.url,
    filter: parseFilter(row.event_types),
    secret: row.secret,
    previousSecret: row.previous_secret,
    previousUntilMs: row.previous_until_ms,
    enabled: row.status === 'ENABLED',
    paused: row.paused_at_ms !== null,
  };
}
