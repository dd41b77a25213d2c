/**
 * Sends committed outcomes, lane by lane in offset order: batch n + 1 of a lane is not sent before batch n is
 * acknowledged, so that first copies are always in order, whatever a zombie adds later. It never gives up: what is
 * committed is going to be published, by this process or by the lane's next owner. While the brokers are away, or refuse
 * a record, the lane waits and the record is sent again; it says so in its waits.
 */
import { EVENTS } from '../../topics/catalogue.ts';
import { AppError, errorMessage } from '../shared/errors/index.ts';
import { failpoint } from '../shared/failpoint/index.ts';
import type { Accumulator, OutMessage, SendProof } from '../shared/kafka/index.ts';
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
  /** `performance.now()` at which the lane was certainly ours: before its COMMIT was sent, or at its claim. */
  readonly provenAtMs: number;
}

export interface Publisher {
  /** Queues the publication behind those of its lane. */
  publish(publication: Publication): void;
}

export function createPublisher(deps: {
  accumulator: Accumulator;
  /** Asked before anything goes out that a pause has held up; without it nothing is proven. */
  proofOf?(publication: Publication): SendProof;
  /** The lane is not ours any more, or its commit is gone. */
  onFenceLost?(lane: Lane): void;
  metrics: Metrics;
  log: Logger;
  retryDelay?: Backoff;
}): Publisher {
  const { accumulator, proofOf, onFenceLost, metrics, log, retryDelay = defaultRetryDelay } = deps;

  const send = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to, blob } = publication;
    const messages = decodeMessages(blob);
    const onRefused = (reason: string) =>
      lane.waits.begin('publish', `Kafka refuses its outcomes: ${reason}`);
    const proof = proofOf?.(publication);
    let outcomeOffset = -1;
    let firstOffset = -1;
    const sent = groupByTarget(messages).map(async (group) => {
      const isOutcomes = group[0]!.topic === EVENTS;
      const onWritten = (last: bigint) => {
        if (isOutcomes) outcomeOffset = Number(last);
      };
      const base = await accumulator.sendBatch(group, { forever: true, proof, onWritten, onRefused });
      if (isOutcomes) firstOffset = Number(base);
    });
    await failpoint('publishSent');
    await Promise.all(sent);
    await failpoint('publishAcked');
    metrics.inc('worker_messages_published_total', {}, messages.length);
    if (lane.epoch !== epoch) return;
    if (firstOffset >= 0 && firstOffset <= lane.outcome.offset) {
      metrics.inc('worker_lanes_refused_total', { why: 'outcomesCut' });
      return lane.stop(outcomesWentBack(lane, firstOffset), 'outcomesCut');
    }
    lane.acknowledge(from, to, outcomeOffset);
  };

  /** Sends until it is acknowledged, or the lane is no longer held under this epoch. Never rejects. */
  const sendUntilAcknowledged = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to } = publication;
    for (let attempt = 1; isToPublish(lane, epoch); attempt++) {
      lane.waits.begin('publish', 'Kafka has not acknowledged its outcomes');
      try {
        return await send(publication);
      } catch (error) {
        // A closed producer: the row stays in the outbox, and the lane's next owner publishes it.
        if (error instanceof AppError && endsOfProducer.has(error.code)) return;
        if (error instanceof AppError && error.code === 'ABORTED') return onFenceLost?.(lane);
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

function isToPublish(lane: Lane, epoch: number): boolean {
  return lane.state !== 'closed' && lane.epoch === epoch && lane.stopCode !== 'outcomesCut';
}

function outcomesWentBack({ outcome, partition }: Lane, offset: number): string {
  return (
    `the result topic gave offset ${offset} behind its acknowledged offset ${outcome.offset}: outcomes were removed from its end; ` +
    `\`orderstream recover republish --partition ${partition}\` publishes them again`
  );
}

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
