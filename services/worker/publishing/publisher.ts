/**
 * Sends committed outcomes, per lane in offset order. Batch n + 1 of a lane is sent after batch n is acknowledged. So
 * the first copy of each outcome is in order, even if a former owner adds later copies. The publisher never gives up.
 * This process or the next owner of the lane publishes every commit. While the brokers are unavailable or refuse a
 * record, the lane waits and records the reason. The publisher retries.
 */
import { EVENTS } from '../../../topics/catalogue.ts';
import { decodeMessages } from '../../orders-db/index.ts';
import { AppError, errorMessage } from '../../shared/errors/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import type { Accumulator, OutMessage, SendProof } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type Backoff, backoff, sleep } from '../../shared/retry/index.ts';
import { errorTypeOf, noTraces, sendSpec, type TraceSpan, type Traces } from '../../shared/trace/index.ts';
import type { Lane } from '../lanes/lane.ts';
import type { OutcomeTiming } from '../stages/outcomes.ts';

export interface Publication {
  readonly lane: Lane;
  /** The epoch under which the outcomes were committed or republished. */
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** The bytes of the outbox row. They are published unchanged. */
  readonly blob: Buffer;
  /**
   * `performance.now()` of the last proof that this process owned the lane: before the COMMIT was sent, or at the
   * claim.
   */
  readonly provenAtMs: number;
  /** The commands of the outcomes. Absent for outcomes that an earlier owner of the lane decided. */
  readonly timings?: readonly OutcomeTiming[];
  /** Of the batch. Null or absent if the batch is not traced, or for outcomes of an earlier owner. */
  readonly traceparent?: string | null;
}

export interface Publisher {
  /**
   * Sends the publication after earlier ones of its lane. Retries until Kafka acknowledges it or the lane has another
   * owner or epoch.
   */
  publish(publication: Publication): void;
}

export function createPublisher(deps: {
  accumulator: Accumulator;
  /** Checks the ownership before a delayed send. Without it, there is no check. */
  proofOf?(publication: Publication): SendProof;
  /** Called if the lane has another owner or its commit is lost. */
  onFenceLost?(lane: Lane): void;
  metrics: Metrics;
  traces?: Traces;
  log: Logger;
  retryDelay?: Backoff;
}): Publisher {
  const { accumulator, proofOf, onFenceLost, metrics, traces = noTraces, log } = deps;
  const { retryDelay = defaultRetryDelay } = deps;

  /** Sends once. Resolves when everything is acknowledged. */
  const send = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to, blob } = publication;
    const messages = decodeMessages(blob);
    const onRefused = (reason: string) => lane.publishFailed(`Kafka refuses its outcomes: ${reason}`);
    const proof = proofOf?.(publication);
    let outcomeOffset = -1;
    let firstOffset = -1;
    const sent = groupByTarget(messages).map(async (group) => {
      const isOutcomes = group[0]!.topic === EVENTS;
      const onWritten = (last: bigint) => {
        if (isOutcomes) outcomeOffset = Number(last);
      };
      const span = startSend(traces, group, publication.traceparent ?? null);
      try {
        const base = await accumulator.sendBatch(group, { forever: true, proof, onWritten, onRefused });
        span?.end();
        if (isOutcomes) firstOffset = Number(base);
      } catch (error) {
        span?.end(errorTypeOf(error));
        throw error;
      }
    });
    await failpoint('publishSent');
    await Promise.all(sent);
    await failpoint('publishAcked');
    metrics.inc('worker_messages_published_total', {}, messages.length);
    observeTimings(metrics, publication.timings ?? []);
    if (lane.position.epoch !== epoch) return;
    if (firstOffset >= 0 && firstOffset <= lane.position.outcome.offset) {
      metrics.inc('worker_lanes_refused_total', { why: 'outcomesCut' });
      return lane.stop(outcomesWentBack(lane, firstOffset), 'outcomesCut');
    }
    lane.acknowledged(from, to, outcomeOffset);
  };

  return {
    publish(publication) {
      const { lane, epoch, from, to } = publication;
      lane.publish(async () => {
        for (let attempt = 1; isToPublish(lane, epoch); attempt++) {
          lane.publishFailed('Kafka has not acknowledged its outcomes');
          try {
            return await send(publication);
          } catch (error) {
            // The producer is closed. The row stays in the outbox, so the next owner of the lane publishes it.
            if (error instanceof AppError && endsOfProducer.has(error.code)) return;
            if (error instanceof AppError && error.code === 'ABORTED') return onFenceLost?.(lane);
            lane.publishFailed(`its outcomes ${from}-${to} cannot be sent: ${errorMessage(error)}`, true);
            const fields = { err: error, partition: lane.partition, from, to, attempt };
            log.error(fields, 'the worker cannot send outcomes and retries');
            await sleep(retryDelay(attempt));
          }
        }
      });
    },
  };
}

function startSend(traces: Traces, group: readonly OutMessage[], parent: string | null): TraceSpan | null {
  if (parent === null) return null;
  const { topic, partition } = group[0]!;
  return traces.startChild(sendSpec(topic, partition, group.length), parent);
}

/** With `forever`, only a closed producer causes these errors. */
const endsOfProducer: ReadonlySet<string> = new Set(['NOT_PRODUCED', 'OUTCOME_UNKNOWN']);
/**
 * Delay between two attempts after a failure in this process. The accumulator itself resends messages that brokers
 * refuse.
 */
const defaultRetryDelay: Backoff = backoff({ initialMs: 200, maxMs: 5_000 });

function isToPublish(lane: Lane, epoch: number): boolean {
  return lane.state !== 'closed' && lane.position.epoch === epoch && lane.stopReason?.code !== 'outcomesCut';
}

function outcomesWentBack({ partition, position }: Lane, offset: number): string {
  return (
    `the outcome topic gave offset ${offset}, which is not above its acknowledged offset ${position.outcome.offset}: outcomes were removed from its end; ` +
    `\`orderstream recover republish --partition ${partition}\` publishes them again`
  );
}

/** Messages by topic and partition, each group in order. Dead letters are sent in parallel with the events. */
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

function observeTimings(metrics: Metrics, timings: readonly OutcomeTiming[]): void {
  const nowMs = Date.now();
  for (const { askedAtMs, command, outcome } of timings) {
    const seconds = Math.max(0, nowMs - askedAtMs) / 1_000;
    metrics.observe('order_outcome_seconds', seconds, { command: command ?? 'UNREADABLE', outcome });
  }
}
