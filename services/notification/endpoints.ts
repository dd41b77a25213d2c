/**
 * The directory of webhook endpoints, held in memory. Intake queries it for every event, the sender for every
 * attempt.
 *
 * Every `refreshMs` the directory reads the rows that changed since its last read. A deleted row leaves no time
 * of change. So the directory also compares its number of rows with that of the table. If they differ, it reads
 * all rows of the customers whose numbers differ.
 */
import type { Clock } from '../shared/clock/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import type { Endpoint } from './directory/endpoint.ts';
import { createEndpointIndex, type EndpointIndex } from './directory/endpoint-index.ts';
import { readChangedSince, readCounts, readOfCustomers, readStamp } from './directory/endpoint-rows.ts';
import { wantsType } from './event-types.ts';
import type { Stall } from './stall.ts';

export type { Endpoint } from './directory/endpoint.ts';

/** The value of customer_id for all customers. */
const everyCustomer = '*';

/** Two changes may share a millisecond, so the directory reads changes of this age again. */
const settleMs = 5_000;

export interface EndpointDirectory {
  /** The enabled endpoints of this customer that subscribe to this type. A paused endpoint is one of them. */
  receiversOf(customerId: string | null, type: string): readonly Endpoint[];
  isAnyEnabled(): boolean;
  /** An endpoint that exists, enabled or not. */
  find(id: string): Endpoint | undefined;
  /** Reads the changes up to now. */
  refresh(): Promise<void>;
  close(): void;
}

/** Reads the table once (throws if it cannot) and then keeps the directory fresh. */
export async function openEndpoints(deps: {
  mysql: Queryable;
  log: Logger;
  metrics: Metrics;
  clock: Clock;
  refreshMs: number;
  /** Measures how long the directory has not been read. */
  stall: Stall;
}): Promise<EndpointDirectory> {
  const { mysql, log, metrics, clock, refreshMs, stall } = deps;
  const index = createEndpointIndex();
  let newestMs = 0;

  const refresh = oneAtATime(async () => {
    const stamp = await readStamp(mysql);
    const isSettled = stamp.newestMs < clock.nowMs() - settleMs;
    if (stamp.count === index.size() && stamp.newestMs === newestMs && isSettled) return;
    for await (const endpoint of readChangedSince(mysql, Math.max(0, newestMs - settleMs)))
      index.put(endpoint);
    newestMs = stamp.newestMs;
    if (stamp.count !== index.size()) await compareCustomers(mysql, index);
    metrics.set('notification_endpoints', index.enabled());
  });
  await refresh();

  const timer = setInterval(() => {
    stall.begin('webhook endpoints could not be read');
    // The previous directory stays in use while the database is down. Intake cannot write then either.
    refresh().then(stall.end, (error: unknown) =>
      log.warn({ err: error }, 'notification cannot reload webhook endpoints; it uses the ones that it has'),
    );
  }, refreshMs);
  timer.unref();

  return {
    receiversOf(customerId, type) {
      const own = customerId === null ? [] : index.ofCustomer(customerId);
      return [...own, ...index.ofCustomer(everyCustomer)].filter(
        (endpoint) => endpoint.enabled && wantsType(endpoint.filter, type),
      );
    },
    isAnyEnabled: () => index.enabled() > 0,
    find: index.find,
    refresh,
    close: () => clearInterval(timer),
  };
}

/** Finds deleted rows, and rows that were added with an old time. */
async function compareCustomers(mysql: Queryable, index: EndpointIndex): Promise<void> {
  const different: string[] = [];
  const gone = new Map([...index.customers()].map(([customerId, own]) => [customerId, own.size]));
  for await (const { customerId, count } of readCounts(mysql)) {
    if (gone.get(customerId) !== count) different.push(customerId);
    gone.delete(customerId);
  }
  const customerIds = [...different, ...gone.keys()];
  const kept = new Set<string>();
  const read: Endpoint[] = [];
  for await (const endpoint of readOfCustomers(mysql, customerIds)) {
    kept.add(endpoint.id);
    read.push(endpoint);
  }
  for (const customerId of customerIds) {
    for (const { id } of [...index.ofCustomer(customerId)]) if (!kept.has(id)) index.remove(id);
  }
  for (const endpoint of read) index.put(endpoint);
}

/** Runs one read at a time. A call during a read gets the next read, which sees all changes up to the call. */
function oneAtATime(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    running = read().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (running === null) return begin();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  };
}
