/** The app for tests, with a log, a store and a cache in memory. Tests decide the orders themselves. */
import type { OrderEvent } from '../../../schemas/index.ts';
import { PARTITIONS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import type { OrderResource } from '../../domain/index.ts';
import { systemClock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { isUuid } from '../../shared/ids/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { type BoundedMap, createBoundedMap } from '../application/common/bounded-map.ts';
import { createTickets } from '../application/common/ticket.ts';
import type { Refusal } from '../application/limits/admission.ts';
import type { ApiFlags } from '../application/limits/flags.ts';
import {
  type CallerLimitSettings,
  callerLimitSettings,
  createCallerLimits,
} from '../application/limits/index.ts';
import { createRateLimiter } from '../application/limits/rate-limit.ts';
import { createCursors } from '../application/read/cursor.ts';
import type { StoredOrder } from '../application/read/order-rows.ts';
import type { KnownSubmission } from '../application/read/order-store.ts';
import { createPartitionProgress, type PartitionProgress } from '../application/read/partition-progress.ts';
import { createReadStatus } from '../application/read/status.ts';
import type { StockLevel } from '../application/read/stock-levels.ts';
import { type CustomerKeys, noCustomerKeys } from '../application/sealing/customer-keys.ts';
import { createIsOrderOf } from '../application/submit/is-order-of.ts';
import { createSubmit } from '../application/submit/submit.ts';
import { createOutcomes, type Outcomes } from '../application/wait/outcomes.ts';
import { createWaits } from '../application/wait/waits.ts';
import { createWebhookUrls } from '../application/webhooks/webhook-url.ts';
import { type AppDeps, createApp } from '../http/app.ts';
import { traceIdOf } from '../http/problems.ts';
import { createStreams } from '../http/streams.ts';
import { createFakeCommandLog, type FakeLog } from './fake-command-log.ts';
import { createFakeCommands, type FakeCommands } from './fake-commands.ts';
import { createFakeErasure, type FakeErasures } from './fake-erasure.ts';
import { createFakePayments, type FakeProvider } from './fake-payments.ts';
import { createFakeRecords, type FakeRecords } from './fake-records.ts';
import { createFakeStock, createFakeStore, type FakeHistory, submissionOf } from './fake-store.ts';
import { fakeCallers, fakeTokens, fakeVerify } from './fake-tokens.ts';
import { createFakeWebhooks } from './fake-webhooks.ts';
import { acceptedEvent, newOrder } from './sample-orders.ts';

export { fakeTokens };

export interface FakeOptions {
  /** How long a body that differs from the remembered one waits for the decision, in ms. */
  readonly decisionWaitMs?: number;
  readonly ordersPerSecond?: number;
  readonly burstOrders?: number;
  readonly watchersMax?: number;
  readonly limits?: AppDeps['limits'];
  readonly corsOrigins?: AppDeps['corsOrigins'];
  readonly callerLimits?: Partial<CallerLimitSettings>;
  /** Whether the tokens were verified before. */
  readonly knowsTokens?: boolean;
  /** By default no command is sealed. */
  readonly customerKeys?: CustomerKeys;
  /** By default there is no SDK. */
  readonly traces?: AppDeps['traces'];
}

/** The state that tests read and set. */
interface Controls extends FakeLog, FakeProvider, FakeRecords, FakeCommands, FakeHistory, FakeErasures {
  readonly stored: Map<string, StoredOrder>;
  readonly cached: Map<string, OrderResource>;
  readonly stock: Map<string, StockLevel>;
  /** What the access log got. */
  readonly answered: { route: string; status: number; traceId: string }[];
  /** The idempotency cache. */
  readonly cachedKeys: Map<string, KnownSubmission>;
  /** Next offset to decide, by partition. */
  readonly decided: number[];
  /** Set it to make admission refuse, or the database unavailable. */
  refusal: Refusal | null;
  /** The flags of the API; all are on at first. */
  readonly flags: { -readonly [K in keyof ApiFlags]: boolean };
  mysqlAway: boolean;
  /** Set to make lists wait. */
  holdList: Promise<void> | null;
  /** Whether the log still has the acknowledged records. */
  logHolds: boolean;
  /** Positions of dead letters, as `partition.offset`. */
  readonly deadLetters: Set<string>;
}

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const clock = systemClock;
const secret = 'fake-secret-fake-secret';

export function createFakeWorld(options: FakeOptions = {}) {
  const controls = newControls();
  const progress = createPartitionProgress({ partitions: PARTITIONS, clock });
  let nextEvent: OrderEvent;
  const outcomes = createOutcomes({
    events: { decode: () => nextEvent },
    progress,
    watchersMax: options.watchersMax ?? 100,
    log,
    metrics: noMetrics,
  });
  const deps = fakeDeps(controls, progress, outcomes, options);
  const publish = (subject: string, version: number, more: Partial<OrderEvent> = {}): void => {
    const isOrder = isUuid(subject);
    const partition = isOrder ? partitionOfOrder(subject) : partitionOfSku(subject);
    const orderId = isOrder ? subject : null;
    const sourceOffset = controls.offsets[partition]! - 1;
    controls.decided[partition] = sourceOffset + 1;
    nextEvent = { orderId, version, sourcePartition: partition, sourceOffset, ...more } as OrderEvent;
    const headers = { ce_id: `${partition}-${sourceOffset}` };
    const key = Buffer.from(subject);
    outcomes.onRecords([{ topic: 'e', partition, offset: 0n, timestampMs: 0, key, value: null, headers }]);
  };
  return Object.assign(controls, {
    app: createApp(deps),
    deps,
    /** Number of waits and streams that are open. */
    waiting: outcomes.watching,
    updates: { outcomes, readStatus: deps.readStatus, nowMs: clock.nowMs },
    progress,
    tickets: deps.tickets,
    waits: deps.waits,
    streams: deps.streams,
    /** Publishes an outcome of the last command of the partition of the order or SKU. */
    publish,
    /** Decides the last command of an order as a worker would, and publishes the outcome. */
    decide(orderId: string, status: StoredOrder['status'] = 'PENDING_PAYMENT'): void {
      const before = controls.stored.get(orderId);
      const version = (before?.version ?? 0) + 1;
      const place = controls.commands.find(
        (command) => command.orderId === orderId && command.type === 'PLACE',
      );
      const order = before ?? newOrder(orderId, place!.customerId!, status);
      controls.stored.set(orderId, { ...order, version, status });
      publish(orderId, version);
    },
    /** Publishes the full event of an accepted order and stores nothing. */
    accept: (orderId: string) => publish(orderId, 1, { ...acceptedEvent, customerId: 'c1' }),
    /** Publishes an outcome of the last command that creates no order. */
    setAside(orderId: string) {
      const partition = partitionOfOrder(orderId);
      controls.deadLetters.add(`${partition}.${controls.offsets[partition]! - 1}`);
      publish(orderId, 0);
    },
  });
}

function newControls(): Controls {
  return {
    commands: [],
    outcomes: new Map(),
    history: [],
    stored: new Map(),
    cached: new Map(),
    stock: new Map(),
    cachedKeys: new Map(),
    offsets: new Array<number>(PARTITIONS).fill(0),
    decided: new Array<number>(PARTITIONS).fill(0),
    appends: 0,
    produceProblem: null,
    holdProduce: null,
    refusal: null,
    flags: { intake: true, batch: true, waits: true, streams: true, quotes: true },
    mysqlAway: false,
    answered: [],
    erasures: [],
    undecided: 0,
    holdList: null,
    logHolds: true,
    deadLetters: new Set(),
    records: { payments: [], refunds: [], shipments: [], returns: [] },
    asked: [],
    answers: [],
  };
}

function fakeDeps(
  controls: Controls,
  progress: PartitionProgress,
  outcomes: Outcomes,
  options: FakeOptions,
): AppDeps {
  const { ordersPerSecond = 1_000, burstOrders = 1_000 } = options;
  const tickets = createTickets([secret], 'log');
  const callerLimits = createCallerLimits({ ...callerLimitSettings(6), ...options.callerLimits }, clock);
  const shown = createBoundedMap<string, number>(1_000);
  const commandLog = createFakeCommandLog(controls, progress);
  const readStatus = fakeReadStatus(controls, progress, shown);
  const submissions = {
    findSubmissions: async (orderIds: readonly string[]) =>
      orderIds.map((orderId) => submissionOf(controls, orderId)),
    recent: createBoundedMap<string, KnownSubmission>(1_000),
  };
  return {
    verifier: {
      known: (token) => (options.knowsTokens === true ? (fakeCallers[token] ?? null) : null),
      verify: fakeVerify,
    },
    ...callerLimits,
    flags: controls.flags,
    admission: { refusal: () => controls.refusal, retryAfterSeconds: () => 2 },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    corsOrigins: options.corsOrigins ?? [],
    accessLog: (request, { statusCode: status }, route) =>
      void controls.answered.push({ route, status, traceId: traceIdOf(request) }),
    ...(options.traces && { traces: options.traces }),
    log,
    metrics: noMetrics,
    ...{ tickets, progress, commandLog },
    customerKeys: options.customerKeys ?? noCustomerKeys,
    submit: createSubmit({
      commandLog,
      idempotencyCache: {
        find: async (orderIds) => orderIds.map((orderId) => controls.cachedKeys.get(orderId) ?? null),
        set: (orderId, known) => void controls.cachedKeys.set(orderId, known),
      },
      ...submissions,
      ...(options.decisionWaitMs === undefined ? {} : { decisionWaitMs: options.decisionWaitMs }),
      trust: { epochOf: () => 1, holds: () => controls.logHolds },
    }),
    isOrderOf: createIsOrderOf(submissions),
    readStatus,
    waits: createWaits({ outcomes }),
    streams: createStreams({ outcomes, readStatus, tickets, progress, nowMs: clock.nowMs }),
    store: createFakeStore(controls),
    eraseCustomer: createFakeErasure(controls, callerLimits.reads),
    operatorCommands: createFakeCommands(controls, { ...callerLimits, commandLog, progress }),
    records: createFakeRecords(controls),
    stock: createFakeStock(controls),
    ...createFakePayments(controls, {
      ...{ commandLog, callerLimits, clock },
      isAway: () => controls.mysqlAway,
    }),
    ...createFakeWebhooks(() => controls.mysqlAway),
    readWebhookUrl: createWebhookUrls([]),
    cursors: createCursors([secret]),
    rates: createRateLimiter({
      redis: { run: async (_fn, fallback) => fallback, script: () => async () => null },
      clock,
      limits: { ordersPerSecond, burstOrders },
    }),
    nowMs: clock.nowMs,
    databaseNowMs: async () => clock.nowMs(),
    noteShown(orderId, version) {
      shown.set(orderId, version);
      return version;
    },
  };
}

function fakeReadStatus(
  controls: Controls,
  progress: PartitionProgress,
  shown: BoundedMap<string, number>,
): AppDeps['readStatus'] {
  return createReadStatus({
    cache: {
      find: async (orderId) => controls.cached.get(orderId) ?? 'missing',
      prime: (order) => void controls.cached.set(order.id, order),
    },
    findOrder: async (orderId) => {
      if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
      return controls.stored.get(orderId) ?? null;
    },
    partitionPositions: async () =>
      controls.decided.map((next, partition) => ({ partition, nextOffset: next, publishedOffset: next })),
    isDeadLetter: async ({ partition, offset }) => controls.deadLetters.has(`${partition}.${offset}`),
    progress,
    shown,
  });
}

/** A valid order request. */
export function sampleOrder(quantity = 2): object {
  return {
    currency: 'EUR',
    items: [{ sku: 'SKU-1', quantity }],
    shippingAddress: { name: 'Ada', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
  };
}

/** An inject request that places `body` under `key`. */
export function placeRequest(
  key: string,
  body: unknown = sampleOrder(),
  headers: Record<string, string> = {},
) {
  return {
    method: 'POST' as const,
    url: '/v1/orders',
    headers: {
      authorization: `Bearer ${fakeTokens.c1}`,
      'content-type': 'application/json',
      'idempotency-key': key,
      ...headers,
    },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  };
}
