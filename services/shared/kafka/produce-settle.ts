import { performance } from 'node:perf_hooks';
import type { ProduceOutcome } from './leaders.ts';
import {
  giveUp,
  type PartitionQueue,
  settleFailed,
  settleRefused,
  settleWritten,
} from './partition-queue.ts';
import { produceErrorName, produceVerdict, saysLeaderIsStale } from './produce-errors.ts';
import type { PartitionAnswer } from './produce-protocol.ts';
import type { LoopState } from './produce-state.ts';

/**
 * Ends a request for every partition that was in it, each for itself: written only if the answer names it without
 * error. A partition that the answer leaves out counts as failed, as only the answer can say that it was written.
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
    else settlePartition(state, queue, answer);
  }
}

function settlePartition(state: LoopState, queue: PartitionQueue, answer: PartitionAnswer): void {
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
    case 'recordsRefused': {
      const given = settleRefused(queue, reason);
      if (given === null) return;
      state.metrics.inc('kafka_produce_refused_total', { topic, reason });
      state.log.error({ err: given }, 'a record was refused by the broker');
      return;
    }
    case 'topicRefused':
      resend(state, queue, false, reason);
      giveUp(queue, (send) => send.deadlineAtMs !== Number.POSITIVE_INFINITY, reason);
      return;
  }
}

function resend(state: LoopState, queue: PartitionQueue, maybeWritten: boolean, reason: string): void {
  const { topic, partition, inFlight } = queue;
  state.metrics.inc('kafka_produce_resends_total', { topic, reason });
  settleFailed(queue, maybeWritten, performance.now() + state.resendDelay(queue.failures + 1));
  const details = { partition, records: inFlight, failures: queue.failures };
  state.sparseLog('warn', details, `records for ${topic} are sent again: ${reason}`);
}
