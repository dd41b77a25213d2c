/** Wires the notification service, which turns outcomes into delivery rows, webhooks and e-mails. */
import { EVENTS } from '../../topics/index.ts';
import { type ServerClock, startServerClock } from '../shared/clock/index.ts';
import { loadCodecs } from '../shared/codec/index.ts';
import { type GroupConsumer, startCommitLoop } from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, type Pool, readNowMs } from '../shared/mysql/index.ts';
import { createLiveSecretBox } from '../shared/secrets/index.ts';
import type { fields } from './config.ts';
import { createChannels } from './delivery/channels.ts';
import { createDeliveryQueue } from './delivery/delivery-queue.ts';
import { startSender } from './delivery/sender.ts';
import { openEndpoints } from './endpoints.ts';
import { openInbound } from './intake/inbound.ts';
import type { PartitionBuffers } from './intake/partition-buffers.ts';
import { hostLimitsOf, senderLimitsOf } from './limits.ts';
import { createContacts } from './mail/contacts.ts';
import { createMailer, type Mailer } from './mail/mailer.ts';
import { createAddressGuard } from './receivers/address-guard.ts';
import { createHosts } from './receivers/hosts.ts';
import { createNameResolver } from './receivers/name-resolver.ts';
import { createWebhookPoster } from './receivers/webhook.ts';
import { startRetention } from './retention.ts';
import { createSecrets } from './secrets.ts';
import { openStalls, type Stalls } from './stall.ts';

type Context = ServiceContext<typeof fields>;

/** Old deliveries: the interval of passes, rows of one statement, and the pause between two statements. */
const retention = { everyMs: 60_000, chunkRows: 500, pauseMs: 50 };
/** If an instance freezes in a transaction, its locks on positions and rows end after this time. */
const lockSilenceSeconds = 5;
/** Shares of the stop deadline. */
const consumerStopMs = 3_000;
const senderStopMs = 4_000;

/** Opens all parts in order of dependency. `stop` closes them in reverse order. */
export async function startNotification(context: Context): Promise<Running> {
  const { config, live, log, metrics, lifecycle } = context;
  const mysql = createMysql({
    url: () => live.now.mysqlUrl,
    log,
    metrics,
    pooledWaitTimeoutSeconds: lockSilenceSeconds,
  });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  // Leases and rows use the time of the database only, so the clock must be measured first.
  await clock.measure();
  const stalls = openStalls(clock, metrics, lifecycle);
  const { events: codec } = await loadCodecs({ registryUrl: config.schemaRegistryUrl, log });
  const outbound = await openOutbound(context, mysql.pool, clock, stalls);
  const { intake, buffers, consumer, logWatch } = openInbound(
    context,
    { pool: mysql.pool, clock, codec },
    outbound,
    stalls,
  );
  await consumer.start();
  lifecycle.addReadiness('group', () => consumer.generation() !== null || 'not in the consumer group yet');
  const committing = startCommits(consumer, buffers, context);
  const retaining = openRetention(context, mysql.pool);

  return {
    async stop() {
      for (const partition of buffers.partitions()) consumer.pause(EVENTS, partition);
      await Promise.all([
        intake.stop(),
        logWatch.stop(),
        outbound.sender.stop(senderStopMs),
        retaining.stop(),
      ]);
      await committing.stop();
      await consumer.stop(consumerStopMs);
      outbound.close();
      stalls.close();
      clock.stop();
      await mysql.close();
    },
  };
}

/** Opens the half of the service that sends delivery rows to receivers. */
async function openOutbound(
  { config, live, log, metrics, traces, lifecycle, fatal }: Context,
  pool: Pool,
  clock: ServerClock,
  stalls: Stalls,
) {
  const secrets = createSecrets({
    box: createLiveSecretBox(() => live.now.webhookSecretKeys),
    clock,
    log,
    metrics,
  });
  lifecycle.addReadiness('webhook secrets', secrets.state);
  const endpoints = await openEndpoints({
    mysql: pool,
    log,
    metrics,
    clock,
    refreshMs: config.endpointsRefreshMs,
    stall: stalls.endpoints,
  });
  const contacts = createContacts(pool);
  const mailer = openMailer(config);
  const webhooks = createWebhookPoster({
    guard: createAddressGuard(config.webhookAllowAddresses, createNameResolver({ clock })),
    clock,
    timeoutMs: config.webhookTimeoutMs,
  });
  const queue = createDeliveryQueue(pool, config.instanceId);
  const sender = startSender({
    queue: {
      ...queue,
      async disableEndpoint(endpointId, reason, nowMs) {
        const isNew = await queue.disableEndpoint(endpointId, reason, nowMs);
        // Without this refresh, the endpoint would get more deliveries until the next one.
        await endpoints.refresh();
        return isNew;
      },
    },
    stall: stalls.sender,
    channelOf: createChannels({
      ...{ endpoints, webhooks, contacts, mailer },
      openSecrets: secrets.open,
      flags: () => live.now,
    }),
    hosts: createHosts(hostLimitsOf(config, live), clock),
    limits: senderLimitsOf(config, live),
    clock,
    random: Math.random,
    log,
    metrics,
    traces,
    fatal,
  });
  return {
    sender,
    endpoints,
    hasReceivers: () => mailer !== null || endpoints.isAnyEnabled(),
    addressesOf: async (orderIds: readonly string[]): Promise<ReadonlyMap<string, string>> =>
      mailer === null ? new Map() : contacts.addressesOf(orderIds),
    close() {
      endpoints.close();
      webhooks.close();
      mailer?.close();
    },
  };
}

function openMailer(config: Context['config']): Mailer | null {
  if (config.smtpUrl === '') return null;
  return createMailer({ smtpUrl: config.smtpUrl, from: config.smtpFrom, timeoutMs: config.webhookTimeoutMs });
}

/** With a short retention time, as in tests, passes run more often. */
function openRetention({ config, log, metrics }: Context, pool: Pool) {
  const { keepMs } = config;
  const limits = { ...retention, keepMs, everyMs: Math.min(retention.everyMs, keepMs / 4) };
  return startRetention({ pool, limits, log, metrics });
}

/** Commits the group offset up to the stored records: on a timer, and once more at the end. */
function startCommits(consumer: GroupConsumer, buffers: PartitionBuffers, { log }: Context) {
  return startCommitLoop(async () => {
    const offsets = buffers.committable();
    if (offsets.length === 0) return;
    const result = await consumer.commit(offsets.map((one) => ({ topic: EVENTS, ...one })));
    if (result === 'committed') buffers.committed(offsets);
  }, log);
}
