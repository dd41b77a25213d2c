import { performance } from 'node:perf_hooks';
import type { ProduceResponsePartition } from '../protocol/produce-protocol.ts';
import type { OutMessage } from '../types.ts';
import type { ProduceOutcome } from './leaders.ts';
import {
  giveUp,
  type PartitionQueue,
  settleFailed,
  settleRefused,
  settleWritten,
} from './partition-queue.ts';
import { produceErrorName, produceVerdict, saysLeaderIsStale } from './produce-errors.ts';
import type { LoopState } from './produce-state.ts';

/**
 * Ends a request separately for each of its partitions. A partition is written only if the response names it
 * without an error. A partition that is missing in the response counts as failed.
 */
export function settle(state: LoopState, taken: readonly PartitionQueue[], outcome: ProduceOutcome): void {
  if (outcome.kind === 'failed') {
    state.staleLeaders = true;
    for (const queue of taken) resend(state, queue, outcome.handed, 'REQUEST_FAILED');
    return;
  }
  for (const queue of taken) {
    const answer = outcome.partitions.find(
      ({ topic, partition }) => topic === queue.wireTopic && partition === queue.partition,
    );
    if (answer === undefined) resend(state, queue, true, 'NOT_IN_ANSWER');
    // A response without an error and without an offset is invalid. A caller would use -1 as the record's
    // offset.
    else if (answer.errorCode === 0 && answer.baseOffset < 0n) resend(state, queue, true, 'NO_OFFSET');
    else settlePartition(state, queue, answer);
  }
}

function settlePartition(state: LoopState, queue: PartitionQueue, answer: ProduceResponsePartition): void {
  const { topic } = queue;
  const reason = produceErrorName(answer.errorCode);
  if (saysLeaderIsStale(answer.errorCode)) state.staleLeaders = true;
  switch (produceVerdict(answer.errorCode)) {
    case 'written':
      state.metrics.inc('kafka_produced_records_total', { topic }, queue.inFlight);
      settleWritten(queue, answer.baseOffset);
      return;
    case 'refusedForNow':
      resend(state, queue, false, reason);
      return;
    case 'unknown':
      resend(state, queue, true, reason);
      return;
    case 'recordsRefused':
      settleRefusal(state, queue, reason);
      return;
    case 'topicRefused':
      queue.entries[0]?.send.onRefused?.(reason);
      resend(state, queue, false, reason);
      giveUp(queue, (send) => send.deadlineAtMs !== Number.POSITIVE_INFINITY, reason);
      return;
  }
}

function settleRefusal(state: LoopState, queue: PartitionQueue, reason: string): void {
  const { topic } = queue;
  const refusal = settleRefused(queue, reason);
  if (refusal.kind === 'halved') return;
  state.metrics.inc('kafka_produce_refused_total', { topic, reason });
  if (refusal.kind === 'givenUp') {
    state.log.error({ err: refusal.error }, 'the broker refused a record');
    return;
  }
  const { entry } = refusal;
  if (reason === 'INVALID_TIMESTAMP') entry.message = withTimeOfNow(entry.message);
  entry.send.onRefused?.(reason);
  resend(state, queue, false, reason);
}

/**
 * Replaces a timestamp of a fast clock, which is beyond the broker's limit. The timestamp is not part of the
 * content, so the current time is as good. An earlier timestamp does not change.
 */
function withTimeOfNow(message: OutMessage): OutMessage {
  return { ...message, timestampMs: Math.min(message.timestampMs, Date.now()) };
}

function resend(state: LoopState, queue: PartitionQueue, maybeWritten: boolean, reason: string): void {
  const { topic, partition, inFlight } = queue;
  state.metrics.inc('kafka_produce_resends_total', { topic, reason });
  settleFailed(queue, maybeWritten, performance.now() + state.resendDelay(queue.failures + 1));
  const details = { partition, records: inFlight, failures: queue.failures };
  state.throttledLog('warn', details, `the producer sends records for ${topic} again: ${reason}`);
}
