/**
 * (g) Compares events and notification deliveries. Every remembered event that notification has passed needs a row
 * for each endpoint that should get it. Two cases prove nothing. The endpoint may have changed around the time of
 * the event, or notification may have deleted the row.
 */
import { EVENTS } from '../../../topics/index.ts';
import { type Queryable, readNowMs } from '../../shared/mysql/index.ts';
import type { Memory, RecentEvent } from '../matching/recent-outcomes.ts';
import type { Check } from './check.ts';
import { inChunks, type Pace } from './pace.ts';

/** Maximum number of events of one query. */
const chunkEvents = 500;
/**
 * Notification reloads its endpoints at intervals. Notification may have used either state for an event this close
 * to a change.
 */
const endpointSettleMs = 30_000;
/**
 * An event has the time of the worker, and its row has the time of the database. A row this close to deletion may
 * no longer exist.
 */
const clocksApartMs = 300_000;
const everyCustomer = '*';

export interface DeliveriesDeps {
  mysql: Queryable;
  memory: Memory;
  pace: Pace;
}

interface EndpointRow {
  endpoint_id: string;
  customer_id: string;
  event_types: string | null;
  updated_at_ms: number;
}

export function deliveriesCheck({ mysql, memory, pace }: DeliveriesDeps): Check {
  return {
    name: 'deliveries',
    kinds: ['DELIVERY_MISSING'],
    async run(open, tally, signal) {
      const passed = await readPassed(mysql);
      const byCustomer = Map.groupBy(await readEndpoints(mysql), (endpoint) => endpoint.customer_id);
      /** The time of the event, by subject. An open finding is checked at any age. */
      const wanted = new Map(open.map((finding) => [finding.subject, Number.POSITIVE_INFINITY]));
      if (byCustomer.size > 0) {
        for (const event of memory.events()) {
          if (event.sourceOffset > (passed.get(event.partition) ?? -1)) continue;
          for (const endpoint of receiversOf(event, byCustomer))
            wanted.set(`${event.eventId}/${endpoint.endpoint_id}`, event.occurredAtMs);
        }
      }
      const missing: string[] = [];
      for (const chunk of inChunks([...wanted.keys()], chunkEvents)) {
        missing.push(...(await pace.chunk(() => missingOf(mysql, chunk), signal)));
      }
      if (missing.length === 0) return {};
      // Read after the rows, because notification announces a deletion before it deletes.
      const keptFromMs = (await readDeletedBefore(mysql)) + clocksApartMs;
      for (const subject of missing) {
        if (wanted.get(subject)! < keptFromMs) continue;
        tally.add({ kind: 'DELIVERY_MISSING', subject, expected: 'a delivery row', actual: 'none' });
      }
      return {};
    },
  };
}

function receiversOf(event: RecentEvent, byCustomer: ReadonlyMap<string, EndpointRow[]>): EndpointRow[] {
  const own = event.customerId === null ? [] : (byCustomer.get(event.customerId) ?? []);
  return [...own, ...(byCustomer.get(everyCustomer) ?? [])].filter(
    (endpoint) =>
      endpoint.updated_at_ms + endpointSettleMs < event.occurredAtMs &&
      wants(endpoint.event_types, event.type),
  );
}

/**
 * Does not share the code of notification, because a shared mistake would stay hidden. The migration of the table
 * defines the rule.
 */
function wants(filter: string | null, type: string): boolean {
  if (filter === null) return type.startsWith('order.');
  try {
    const patterns = JSON.parse(filter) as unknown;
    if (!Array.isArray(patterns)) return false;
    return patterns.some((one) =>
      String(one).endsWith('*') ? type.startsWith(String(one).slice(0, -1)) : one === type,
    );
  } catch {
    // An unreadable filter matches nothing, so nothing is missing.
    return false;
  }
}

async function missingOf(mysql: Queryable, subjects: readonly string[]): Promise<string[]> {
  const eventIds = [...new Set(subjects.map((subject) => subject.slice(0, subject.indexOf('/'))))];
  const rows = await mysql.rows<{ subject: string }>(
    `SELECT CONCAT(event_id, '/', endpoint_id) AS subject FROM notification_deliveries
     WHERE event_id IN (${eventIds.map(() => '?').join(', ')})`,
    eventIds,
  );
  const there = new Set(rows.map((row) => row.subject));
  return subjects.filter((subject) => !there.has(subject));
}

async function readPassed(mysql: Queryable): Promise<Map<number, number>> {
  const rows = await mysql.rows<{ partition_id: number; last_source_offset: number }>(
    'SELECT partition_id, last_source_offset FROM notification_positions WHERE topic = ?',
    [EVENTS],
  );
  return new Map(rows.map((row) => [row.partition_id, row.last_source_offset]));
}

/**
 * Rows created before this time may have been deleted. A time in the future comes from a wrong clock and is
 * ignored.
 */
async function readDeletedBefore(mysql: Queryable): Promise<number> {
  const nowMs = await readNowMs(mysql);
  const [row] = await mysql.rows<{ deleted_before_ms: number }>(
    'SELECT deleted_before_ms FROM notification_retention WHERE id = 1 AND deleted_before_ms <= ?',
    [nowMs],
  );
  return row?.deleted_before_ms ?? 0;
}

function readEndpoints(mysql: Queryable): Promise<EndpointRow[]> {
  return mysql.rows<EndpointRow>(
    `SELECT endpoint_id, customer_id, event_types, updated_at_ms FROM webhook_endpoints WHERE status = 'ENABLED'`,
  );
}
