/** Wires the half of the service that turns the outcome topic into delivery rows. */
import type { OrderEvent } from '../../../schemas/index.ts';
import { EVENTS, GROUPS } from '../../../topics/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { Codec } from '../../shared/codec/index.ts';
import { appError, errorMessage } from '../../shared/errors/index.ts';
import {
  backgroundPace,
  createAdmin,
  createGroupConsumer,
  createKafkaConfig,
  deliveryPace,
  fetchTopicId,
  type GroupConsumer,
} from '../../shared/kafka/index.ts';
import type { ServiceContext } from '../../shared/lifecycle/index.ts';
import type { Pool } from '../../shared/mysql/index.ts';
import { backoff, sleep } from '../../shared/retry/index.ts';
import type { fields } from '../config.ts';
import type { Sender } from '../delivery/sender.ts';
import type { EndpointDirectory } from '../endpoints.ts';
import { createMailBudget } from '../mail/mail-budget.ts';
import type { Stall, Stalls } from '../stall.ts';
import { createEventReader } from './event-reader.ts';
import { createForeignEvents } from './foreign-events.ts';
import { type Intake, type IntakeDeps, startIntake } from './intake.ts';
import { createPositionStore, type PositionStore } from './intake-store.ts';
import { type LogWatch, startLogWatch } from './log-watch.ts';
import { createPartitionBuffers, type PartitionBuffers } from './partition-buffers.ts';

type Context = ServiceContext<typeof fields>;

/** Numbers of buffered records at which a partition is paused and resumed: some batches ahead of the loop. */
const bufferLimits = { recordsHigh: 4_000, recordsLow: 2_000 };
/** How often the id of the outcome topic is checked. A recreated topic is noticed within this time. */
const topicLookMs = 10_000;
/** A log check in progress delays a stop by at most this time. */
const logStopMs = 1_000;
const storeRetry = backoff({ initialMs: 100, maxMs: 5_000 });

/** `outbound` has the parts of the sending half that intake needs. */
export function openInbound(
  context: Context,
  { pool, clock, codec }: { pool: Pool; clock: Clock; codec: Codec<OrderEvent> },
  outbound: {
    endpoints: Pick<EndpointDirectory, 'receiversOf'>;
    /** Whether any event can have a receiver now. */
    hasReceivers(): boolean;
    addressesOf: IntakeDeps['addressesOf'];
    sender: Pick<Sender, 'hint'>;
  },
  stalls: Stalls,
) {
  const { log, metrics, fatal } = context;
  const flow: { consumer?: GroupConsumer; logWatch?: LogWatch } = {};
  const buffers = createPartitionBuffers(
    {
      pause: (partition) => flow.consumer?.pause(EVENTS, partition),
      resume: (partition) => flow.consumer?.resume(EVENTS, partition),
    },
    bufferLimits,
  );
  const foreign = createForeignEvents();
  context.lifecycle.addReadiness('positions', foreign.check);
  const positions = createPositionStore({ pool, topic: EVENTS });
  const intake = startIntake({
    buffers,
    reader: createEventReader({ codec, stall: stalls.intake, backoff: storeRetry, log, metrics }),
    positions,
    endpoints: outbound.endpoints,
    addressesOf: outbound.addressesOf,
    mailBudget: createMailBudget({
      get perAddressDay() {
        return context.live.now.mailsPerAddress;
      },
      get perCustomerMinute() {
        return context.live.now.mailsPerCustomer;
      },
    }),
    checkLog: () => flow.logWatch?.look() ?? Promise.resolve(),
    readAgain: (partition) => flow.logWatch?.readAgain(partition) ?? Promise.resolve(),
    foreign,
    stall: stalls.intake,
    onStored: outbound.sender.hint,
    backoff: storeRetry,
    clock,
    log,
    metrics,
    fatal,
  });
  const logWatch = openLogWatch(context, { buffers, positions, flow, stall: stalls.log });
  flow.logWatch = logWatch;
  const consumer = openConsumer(context, buffers, intake, logWatch, outbound.hasReceivers);
  flow.consumer = consumer;
  return { buffers, intake, consumer, logWatch };
}

/** Opens the log watch, which reads a truncated or recreated partition again from its beginning. */
function openLogWatch(
  { config, log, metrics }: Context,
  parts: {
    buffers: PartitionBuffers;
    positions: PositionStore;
    flow: { consumer?: GroupConsumer };
    stall: Stall;
  },
): LogWatch {
  const { buffers, positions, flow, stall } = parts;
  const settings = createKafkaConfig(config, `notification-log-${config.instanceId}`);
  const admin = createAdmin(settings);
  const watch = startLogWatch({
    async beginnings() {
      const ranges = await admin.endOffsets(EVENTS);
      return new Map([...ranges].map(([partition, { low }]) => [partition, low]));
    },
    topicId: () =>
      fetchTopicId(settings, EVENTS).catch((error: unknown) => {
        throw appError('KAFKA_UNAVAILABLE', { reason: errorMessage(error) }, { cause: error });
      }),
    storedTopicId: positions.topicId,
    storeTopicId: positions.storeTopicId,
    partitions: buffers.partitions,
    restart(partition, from) {
      flow.consumer?.seek(EVENTS, partition, from);
      buffers.restart(partition);
    },
    everyMs: topicLookMs,
    backoff: storeRetry,
    stall,
    log,
    metrics,
  });
  return {
    ...watch,
    async stop() {
      // A query to brokers that are down may still run; its result is not needed.
      const late = new AbortController();
      await Promise.race([watch.stop(), sleep(logStopMs, late.signal).catch(() => undefined)]);
      late.abort();
      await admin.close();
    },
  };
}

function openConsumer(
  { config, log, metrics, fatal }: Context,
  buffers: PartitionBuffers,
  intake: Intake,
  logWatch: LogWatch,
  hasReceivers: () => boolean,
): GroupConsumer {
  return createGroupConsumer({
    settings: createKafkaConfig(config, `notification-${config.instanceId}`),
    groupId: GROUPS.notification,
    topics: [EVENTS],
    silenceMaxMs: config.silenceMaxMs,
    fetchPace: () => (hasReceivers() ? deliveryPace : backgroundPace),
    log,
    metrics,
    handlers: {
      onAssigned({ gained, lost }) {
        intake.assigned({
          gained: gained.map((one) => one.partition),
          lost: lost.map((one) => one.partition),
        });
      },
      onRecords(_topic, partition, records) {
        buffers.enqueue(partition, records);
        intake.wake();
      },
      onOutOfRange: (_topic, partition, position) => logWatch.outOfRange(partition, position),
      onCrash: fatal,
    },
  });
}
