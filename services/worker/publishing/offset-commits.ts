/**
 * Moves the group offset to the end of the acknowledged outcomes, so that lag counts the commands without an outcome.
 */

import { failpoint } from '../../shared/failpoint/index.ts';
import type { GroupConsumer } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Lane } from '../lanes/lane.ts';

export interface OffsetCommits {
  /**
   * Commits the offsets that moved. Never rejects. A lost commit does no harm: the next owner fetches and drops the
   * records again.
   */
  commit(): Promise<void>;
  stop(): void;
}

const commitEveryMs = 500;
/** Unchanged offsets are committed again after this time: a late commit of a former owner may have moved them back. */
const repeatEveryMs = 10_000;

export function createOffsetCommits(deps: {
  topic: string;
  lanes: () => Iterable<Lane>;
  consumer: GroupConsumer;
  metrics: Metrics;
  log: Logger;
}): OffsetCommits {
  const { topic, consumer, metrics, log } = deps;
  const committed = new WeakMap<Lane, { offset: number; atMs: number }>();
  let running: Promise<void> | null = null;

  const commitNow = async (): Promise<void> => {
    const nowMs = performance.now();
    const due = [...deps.lanes()].filter((lane) => {
      if (!lane.isHeld) return false;
      const last = committed.get(lane);
      return (
        last === undefined || last.offset !== lane.position.ackedOffset || nowMs - last.atMs > repeatEveryMs
      );
    });
    if (due.length === 0 || consumer.generation() === null) return;
    const offsets = due.map((lane) => ({
      lane,
      partition: lane.partition,
      offset: lane.position.ackedOffset,
    }));
    try {
      const sent = consumer.commit(
        offsets.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
      );
      await failpoint('offsetSent');
      const result = await sent;
      await failpoint('offsetAcked');
      metrics.inc('worker_offset_commits_total', { result });
      if (result !== 'committed') return;
      for (const { lane, offset } of offsets) committed.set(lane, { offset, atMs: nowMs });
    } catch (error) {
      metrics.inc('worker_offset_commits_total', { result: 'failed' });
      log.warn({ err: error }, 'the worker cannot commit the group offsets and retries');
    }
  };

  const commit = () => {
    running ??= commitNow().finally(() => {
      running = null;
    });
    return running;
  };
  const timer = setInterval(() => void commit(), commitEveryMs);
  return { commit, stop: () => clearInterval(timer) };
}
