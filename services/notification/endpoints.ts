/**
 * The directory of webhook endpoints, held in memory: intake asks it for every event, the sender for every try.
 * It is read again every `refreshMs`, and only in full when something in the table changed.
 */
import type { Clock } from '../shared/clock/index.ts';
import { appError } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import { parseFilter, wantsType } from './event-types.ts';

/** Stands in customer_id for every customer. */
export const everyCustomer = '*';

/** Two changes may share a millisecond, so a change this young is read again until it is older. */
const settleMs = 5_000;

/** More would have to be paged, and the directory sharded by customer. */
const endpointsMax = 200_000;

export interface Endpoint {
  id: string;
  customerId: string;
  url: string;
  /** null: the usual types. */
  filter: readonly string[] | null;
  /** `whsec_…`; the first one signs first. */
  secret: string;
  previousSecret: string | null;
  previousUntilMs: number | null;
  enabled: boolean;
}

export interface EndpointDirectory {
  /** The enabled endpoints that want events of this type of this customer. */
  receiversOf(customerId: string | null, type: string): readonly Endpoint[];
  /** An endpoint that exists, enabled or not. */
  find(id: string): Endpoint | undefined;
  /** Reads the table now. */
  refresh(): Promise<void>;
  close(): void;
}

interface EndpointRow {
  endpoint_id: string;
  customer_id: string;
  url: string;
  event_types: string | null;
  secret: string;
  previous_secret: string | null;
  previous_until_ms: number | null;
  status: string;
}

/** Reads the table once (throws when it cannot) and then keeps the directory fresh. */
export async function openEndpoints(deps: {
  mysql: Queryable;
  log: Logger;
  metrics: Metrics;
  clock: Clock;
  refreshMs: number;
}): Promise<EndpointDirectory> {
  const { mysql, log, metrics, clock, refreshMs } = deps;
  let state = index([]);
  let stamp = '';

  const refresh = async (): Promise<void> => {
    const seen = await readStamp(mysql);
    if (seen.key === stamp && seen.newestMs < clock.nowMs() - settleMs) return;
    state = index(await readEndpoints(mysql));
    stamp = seen.key;
    metrics.set('notification_endpoints', state.enabledCount);
  };
  await refresh();

  const timer = setInterval(() => {
    // The directory of a moment ago serves on while the database is away; intake cannot write then either.
    refresh().catch((error: unknown) => log.warn({ err: error }, 'webhook endpoints could not be read anew'));
  }, refreshMs);
  timer.unref();

  return {
    receiversOf(customerId, type) {
      const own = customerId === null ? undefined : state.byCustomer.get(customerId);
      const operators = state.byCustomer.get(everyCustomer);
      return [...(own ?? []), ...(operators ?? [])].filter((endpoint) => wantsType(endpoint.filter, type));
    },
    find: (id) => state.byId.get(id),
    refresh,
    close: () => clearInterval(timer),
  };
}

/** Changes whenever a row is added, changed or deleted. */
async function readStamp(mysql: Queryable): Promise<{ key: string; newestMs: number }> {
  const [row] = await mysql.rows<{ n: number; newest: number | null }>(
    'SELECT COUNT(*) AS n, MAX(updated_at_ms) AS newest FROM webhook_endpoints',
  );
  const newestMs = row?.newest ?? 0;
  return { key: `${row?.n ?? 0}/${newestMs}`, newestMs };
}

async function readEndpoints(mysql: Queryable): Promise<Endpoint[]> {
  const rows = await mysql.rows<EndpointRow>(
    `SELECT endpoint_id, customer_id, url, event_types, secret, previous_secret, previous_until_ms, status
     FROM webhook_endpoints LIMIT ?`,
    [endpointsMax + 1],
  );
  if (rows.length > endpointsMax) {
    throw appError('INTERNAL', { reason: `more than ${endpointsMax} webhook endpoints` });
  }
  return rows.map((row) => ({
    id: row.endpoint_id,
    customerId: row.customer_id,
    url: row.url,
    filter: parseFilter(row.event_types),
    secret: row.secret,
    previousSecret: row.previous_secret,
    previousUntilMs: row.previous_until_ms,
    enabled: row.status === 'ENABLED',
  }));
}

function index(endpoints: readonly Endpoint[]) {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const enabled = endpoints.filter((endpoint) => endpoint.enabled);
  const byCustomer = Map.groupBy(enabled, (endpoint) => endpoint.customerId);
  return { byId, byCustomer, enabledCount: enabled.length };
}
