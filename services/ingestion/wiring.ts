/** Creates the parts of ingestion and connects them by hand. It opens no port and starts no timer. */
import { PARTITIONS } from '../../topics/index.ts';
import { createVerifier, type Verifier } from '../shared/auth/index.ts';
import { type ServerClock, systemClock } from '../shared/clock/index.ts';
import type { Codecs } from '../shared/codec/index.ts';
import type { Accumulator } from '../shared/kafka/index.ts';
import type { ServiceContext } from '../shared/lifecycle/index.ts';
import type { Mysql } from '../shared/mysql/index.ts';
import type { Providers } from '../shared/payment-provider/index.ts';
import { createKeyWrapper } from '../shared/personal-data/index.ts';
import type { Redis } from '../shared/redis/index.ts';
import { createLiveSecretBox } from '../shared/secrets/index.ts';
import type { Traces } from '../shared/trace/index.ts';
import { type BoundedMap, createBoundedMap } from './application/common/bounded-map.ts';
import { createLiveTickets } from './application/common/ticket.ts';
import { createAdmission } from './application/limits/admission.ts';
import { type CallerLimits, callerLimitSettings, createCallerLimits } from './application/limits/index.ts';
import { createRateLimiter } from './application/limits/rate-limit.ts';
import { createCommandStore } from './application/operators/command-store.ts';
import { createEraseCustomer } from './application/operators/erase-customer.ts';
import { createOperatorCommands } from './application/operators/operator-commands.ts';
import { createOpenSession } from './application/payments/open-session.ts';
import { createReceiveCallback } from './application/payments/receive-callback.ts';
import { createSessionStore } from './application/payments/session-store.ts';
import { createLiveCursors } from './application/read/cursor.ts';
import { createOrderCache } from './application/read/order-cache.ts';
import { createOrderRecords } from './application/read/order-records.ts';
import { createOrderStore, type KnownSubmission } from './application/read/order-store.ts';
import { createPartitionProgress } from './application/read/partition-progress.ts';
import { createReadStatus } from './application/read/status.ts';
import { createStockLevels } from './application/read/stock-levels.ts';
import { orderReader, submissionReader } from './application/read/store-readers.ts';
import { loadCustomerKeys } from './application/sealing/customer-key-store.ts';
import { createCustomerKeys, noCustomerKeys } from './application/sealing/customer-keys.ts';
import { type CommandLog, createCommandLog } from './application/submit/command-log.ts';
import { createIdempotencyCache } from './application/submit/idempotency-cache.ts';
import { createIsOrderOf } from './application/submit/is-order-of.ts';
import { createLogTrust } from './application/submit/log-trust.ts';
import { createProduceHealth } from './application/submit/produce-health.ts';
import { createSubmit } from './application/submit/submit.ts';
import { createOutcomes } from './application/wait/outcomes.ts';
import { createWaits } from './application/wait/waits.ts';
import { createDeliveryStore } from './application/webhooks/delivery-store.ts';
import { createWebhookStore } from './application/webhooks/webhook-store.ts';
import { createWebhookUrls } from './application/webhooks/webhook-url.ts';
import type { ingestionFields } from './config.ts';
import type { AppDeps } from './http/app.ts';
import { createAccessLog } from './http/requests/access-log.ts';
import { createStreams } from './http/streams.ts';
import { admissionLimitsOf, apiFlagsOf, rateLimitsOf } from './live-settings.ts';

export interface Servers {
  readonly codecs: Codecs;
  readonly accumulator: Accumulator;
  readonly mysql: Pick<Mysql, 'pool'>;
  readonly clock: ServerClock;
  readonly redis: Redis;
  readonly providers: Providers;
  /** The offset after the last command of each partition, as the brokers have it. */
  readonly commandEnds: () => Promise<ReadonlyMap<number, number>>;
  /** Id of the command topic. If it changes, positions stored elsewhere belong to a deleted log. */
  readonly commandLogId: string;
}

export interface WireContext
  extends Pick<ServiceContext<typeof ingestionFields>, 'config' | 'live' | 'log' | 'metrics'> {
  readonly traces?: Traces;
}

/** Maximum remembered orders, and maximum shown versions. Each of the two maps needs about 150 bytes per entry. */
const rememberedOrdersMax = 50_000;

export function wire({ config, live, log, metrics, traces }: WireContext, servers: Servers) {
  const { codecs, accumulator, mysql, clock, redis, commandLogId } = servers;
  const progress = createPartitionProgress({ partitions: PARTITIONS, clock });
  const store = createOrderStore({ db: mysql.pool, logId: commandLogId });
  const tickets = createLiveTickets(() => live.now.ticketSecrets, commandLogId);
  const trust = createLogTrust({ clock });
  const health = createProduceHealth({ clock });
  const admission = createAdmission({
    accumulator,
    progress,
    partitions: PARTITIONS,
    limits: admissionLimitsOf(live),
  });
  const commandLog = createCommandLog({
    ...{ accumulator, commands: codecs.commands, progress, admission, health, clock, traces },
  });
  const outcomes = createOutcomes({
    events: codecs.events,
    progress,
    watchersMax: () => live.now.waitersMax,
    log,
    metrics,
  });
  const shown = createBoundedMap<string, number>(rememberedOrdersMax);
  const readStatus = createReadStatus({
    cache: createOrderCache({ redis }),
    findOrder: orderReader(store),
    partitionPositions: store.partitionPositions,
    isDeadLetter: store.isDeadLetter,
    progress,
    shown,
  });
  const waits = createWaits({ outcomes });
  // Streams end with their tokens, and the verifier of tokens uses this clock.
  const streams = createStreams({ outcomes, readStatus, tickets, progress, nowMs: systemClock.nowMs });
  const callerLimits = createCallerLimits(callerLimitSettings(config.mysqlPoolSize), clock);
  const submissions = {
    findSubmissions: submissionReader(store, log),
    recent: createBoundedMap<string, KnownSubmission>(rememberedOrdersMax),
  };
  const deps: AppDeps = {
    flags: apiFlagsOf(live),
    verifier: verifierOf({ config, live, log, metrics }),
    ...callerLimits,
    admission,
    corsOrigins: config.corsOrigins,
    log,
    metrics,
    traces,
    tickets,
    progress,
    commandLog,
    ...personalDataParts({ config, live, log, metrics }, servers, callerLimits),
    submit: createSubmit({
      commandLog,
      idempotencyCache: createIdempotencyCache({ redis, logId: commandLogId, trust }),
      ...submissions,
      trust,
    }),
    isOrderOf: createIsOrderOf(submissions),
    readStatus,
    waits,
    streams,
    store,
    operatorCommands: createOperatorCommands({
      ...{ ...store, ...callerLimits, commandLog, progress, commands: createCommandStore(mysql.pool) },
    }),
    ...paymentParts({ servers, commandLog, callerLimits, metrics, traces }),
    ...tableParts({ config, live }, mysql.pool),
    rates: createRateLimiter({ redis, clock, limits: rateLimitsOf(live) }),
    accessLog: createAccessLog({ log, clock, linesPerSecond: () => live.now.accessLogPerSecond }),
    nowMs: clock.nowMs,
    databaseNowMs: clock.knownMs,
    noteShown: notesOf(shown),
  };
  const grpc = { ...deps, updates: { outcomes, readStatus, nowMs: systemClock.nowMs } };
  return { deps, grpc, progress, store, outcomes, waits, streams, admission, callerLimits, trust, health };
}

function personalDataParts(
  { config, log, metrics }: WireContext,
  { mysql, clock, commandEnds }: Servers,
  { reads }: CallerLimits,
): Pick<AppDeps, 'customerKeys' | 'eraseCustomer'> {
  const { instanceId, personalDataKeys, sealingRequired: isRequired } = config;
  const db = mysql.pool;
  const wrapper = createKeyWrapper(personalDataKeys);
  const load = (customerIds: readonly string[]) => loadCustomerKeys({ db, wrapper, log }, customerIds);
  const { monotonicMs } = clock;
  return {
    customerKeys: wrapper.isReady
      ? createCustomerKeys({ load, isRequired, monotonicMs, log, metrics })
      : noCustomerKeys,
    eraseCustomer: createEraseCustomer({ db, commandEnds, reads, instanceId }),
  };
}

function notesOf(shown: BoundedMap<string, number>): AppDeps['noteShown'] {
  return (orderId, version) => {
    const highest = Math.max(version, shown.get(orderId) ?? 0);
    shown.set(orderId, highest);
    return highest;
  };
}

interface PaymentParts extends Pick<WireContext, 'metrics' | 'traces'> {
  readonly servers: Servers;
  readonly commandLog: CommandLog;
  readonly callerLimits: CallerLimits;
}

function paymentParts({
  servers: { providers, mysql, clock },
  commandLog,
  callerLimits,
  metrics,
  traces,
}: PaymentParts): Pick<AppDeps, 'openSession' | 'callbacks'> {
  const { nowMs } = clock;
  const sessions = createSessionStore(mysql.pool);
  return {
    openSession: createOpenSession({ sessions, providers: providers.byName, ...callerLimits, nowMs, traces }),
    callbacks: createReceiveCallback({ providers: providers.byName, commandLog, nowMs, metrics }),
  };
}

/** What reads or changes tables without a command. */
function tableParts(
  { config, live }: Pick<WireContext, 'config' | 'live'>,
  db: Servers['mysql']['pool'],
): Pick<AppDeps, 'records' | 'stock' | 'cursors' | 'webhooks' | 'deliveries' | 'readWebhookUrl'> {
  return {
    cursors: createLiveCursors(() => live.now.ticketSecrets),
    records: createOrderRecords(db),
    stock: createStockLevels(db),
    webhooks: createWebhookStore({
      db,
      secrets: createLiveSecretBox(() => live.now.webhookSecretKeys),
      instanceId: config.instanceId,
    }),
    deliveries: createDeliveryStore(db),
    readWebhookUrl: createWebhookUrls(config.webhookAllowAddresses),
  };
}

function verifierOf({ config, log, metrics }: WireContext): Verifier {
  return createVerifier({
    jwks: config.jwks,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    types: config.jwtTypes,
    lifetimeMaxMs: config.jwtLifetimeMaxMs,
    log,
    metrics,
  });
}
