/**
 * Sends committed outcomes, lane by lane in offset order: batch n + 1 of a lane is not sent before batch n is
 * acknowledged, so that first copies are always in order, whatever a zombie adds later. It never gives up: what is
 * committed is going to be published, by this process or by the lane's next owner. While the brokers are away, or refuse
 * a record, the lane waits and the record is sent again; it says so in its waits.
 */
import { AppError, errorMessage } from '../shared/errors/index.ts';
import { failpoint } from '../shared/failpoint/index.ts';
import type { Accumulator, OutMessage } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { type Backoff, backoff, sleep } from '../shared/retry/index.ts';
import type { Lane } from './lane.ts';
import { decodeMessages } from './outbox-format.ts';

export interface Publication {
  readonly lane: Lane;
  /** The epoch that the outcomes were committed or republished under. */
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** The bytes of its outbox row: what is published is what was stored. */
  readonly blob: Buffer;
}

export interface Publisher {
  /** Queues the publication behind those of its lane. */
  publish(publication: Publication): void;
}

export function createPublisher(deps: {
  accumulator: Accumulator;
  metrics: Metrics;
  log: Logger;
  retryDelay?: Backoff;
}): Publisher {
  const { accumulator, metrics, log, retryDelay = defaultRetryDelay } = deps;

  const send = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to, blob } = publication;
    const messages = decodeMessages(blob);
    const onRefused = (reason: string) =>
      lane.waits.begin('publish', `Kafka refuses its outcomes: ${reason}`);
    const sent = groupByTarget(messages).map((group) =>
      accumulator.sendBatch(group, { forever: true, onRefused }),
    );
    await failpoint('publishSent');
    await Promise.all(sent);
    await failpoint('publishAcked');
    metrics.inc('worker_messages_published_total', {}, messages.length);
    if (lane.epoch === epoch) lane.acknowledge(from, to);
  };

  /** Sends until it is acknowledged, or the lane is no longer held under this epoch. Never rejects. */
  const sendUntilAcknowledged = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to } = publication;
    for (let attempt = 1; lane.state !== 'closed' && lane.epoch === epoch; attempt++) {
      lane.waits.begin('publish', 'Kafka has not acknowledged its outcomes');
      try {
        return await send(publication);
      } catch (error) {
        // A closed producer: the row stays in the outbox, and the lane's next owner publishes it.
        if (error instanceof AppError && endsOfProducer.has(error.code)) return;
        lane.waits.begin(
          'publish',
          `its outcomes ${from}-${to} cannot be sent: ${errorMessage(error)}`,
          true,
        );
        log.error(
          { err: error, partition: lane.partition, from, to, attempt },
          'outcomes cannot be sent now',
        );
        await sleep(retryDelay(attempt));
      }
    }
  };

  return {
    publish(publication) {
      const { lane } = publication;
      lane.handOver();
      lane.published = lane.published.then(() => sendUntilAcknowledged(publication));
    },
  };
}

/** With `forever` these are the errors of a producer that is closed. */
const endsOfProducer: ReadonlySet<string> = new Set(['NOT_PRODUCED', 'OUTCOME_UNKNOWN']);
/** Between two tries of what this process fails to send; what brokers refuse is sent again by the accumulator. */
const defaultRetryDelay: Backoff = backoff({ initialMs: 200, maxMs: 5_000 });

/** Messages by topic and partition, each group in order; dead letters go beside the events, not behind them. */
function groupByTarget(messages: readonly OutMessage[]): OutMessage[][] {
  const groups = new Map<string, OutMessage[]>();
  for (const message of messages) {
    const target = `${message.topic}/${message.partition}`;
    const group = groups.get(target);
    if (group === undefined) groups.set(target, [message]);
    else group.push(message);
  }
  return [...groups.values()];
}
