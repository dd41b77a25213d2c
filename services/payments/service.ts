/** The service that pays refunds, wired: open refunds in, calls of providers and commands out. It also stores what providers list. */
import { COMMANDS } from '../../topics/index.ts';
import { startServerClock } from '../shared/clock/index.ts';
import { loadCodecs } from '../shared/codec/index.ts';
import { commandMessage, startSend } from '../shared/command-log/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import { createAccumulator, createKafkaConfig } from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import { createProviders } from '../shared/payment-provider/index.ts';
import { errorTypeOf } from '../shared/trace/index.ts';
import type { fields } from './config.ts';
import { startLister } from './listings/lister.ts';
import { createListings } from './listings/listings.ts';
import { readAutoRefund } from './refunds/auto-refund.ts';
import { createRefundQueue } from './refunds/refund-queue.ts';
import { startSender } from './refunds/sender.ts';

const poolSize = 4;
const produceDeadlineMs = 8_000;
/** A step makes up to three calls and one produce. */
const callsPerStep = 3;
const leaseMarginMs = 10_000;
const stopMs = 5_000;

const providerCounters = [
  'payments_refund_calls_total',
  'payments_refund_results_total',
  'payments_listings_total',
  'payments_listed_records_total',
] as const;

/** Everything is opened here, in order of dependency; `stop` closes it in reverse order. */
export async function startPayments(context: ServiceContext<typeof fields>): Promise<Running> {
  const { config, live, log, metrics, traces, lifecycle } = context;
  const mysql = createMysql({ url: () => live.now.mysqlUrl, poolSize, log, metrics });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  // Leases and delays of several instances are compared, so all use the time of the database.
  await clock.measure();
  const { commands } = await loadCodecs({ registryUrl: config.schemaRegistryUrl, log });
  const accumulator = await createAccumulator({
    settings: createKafkaConfig(config, `payments-${config.instanceId}`),
    log,
    metrics,
    deadlineMs: produceDeadlineMs,
    topics: [COMMANDS],
  });
  const providers = createProviders(config, () => live.now);
  for (const provider of providers.byName.keys()) {
    for (const name of providerCounters) metrics.zero(name, { provider });
  }
  const sender = startSender({
    queue: createRefundQueue({ pool: mysql.pool, instanceId: config.instanceId }),
    providers: providers.byName,
    isOnHold: async () => (await readAutoRefund(mysql.pool)) === 'hold',
    async append(command) {
      const span = startSend(traces, command);
      try {
        await accumulator.send(commandMessage(commands, command, clock.nowMs(), span));
        span?.end();
        return null;
      } catch (error) {
        span?.end(errorTypeOf(error));
        // The next try of the step appends the same command.
        return errorMessage(error);
      }
    },
    nowMs: clock.nowMs,
    random: Math.random,
    get retryMinMs() {
      return live.now.retryMinMs;
    },
    get inFlightMax() {
      return live.now.callsInFlightMax;
    },
    leaseMs: callsPerStep * config.paymentTimeoutMs + produceDeadlineMs + leaseMarginMs,
    log,
    metrics,
    traces,
  });
  const { listEveryMs: everyMs, listKeptMs: keptMs } = config;
  const lister = startLister({
    listings: createListings({ pool: mysql.pool, everyMs, keptMs }),
    providers: [...providers.byName.values()],
    everyMs,
    nowMs: clock.nowMs,
    log,
    metrics,
  });
  lifecycle.addReadiness('kafka', () => accumulator.isConnected() || 'the brokers do not respond');
  lifecycle.addReadiness('refunds', sender.check);
  return {
    async stop() {
      await Promise.all([sender.stop(stopMs), lister.stop(stopMs)]);
      await accumulator.close(stopMs / 2);
      providers.close();
      clock.stop();
      await mysql.close();
    },
  };
}
