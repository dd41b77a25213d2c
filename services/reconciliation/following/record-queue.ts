/**
 * The queue between the consumer, which must never wait, and the follower, which may. It keeps the order of
 * the records. Above the high mark every partition is paused, below the low mark resumed.
 */

import { classify, errorMessage } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import type { Health } from '../running/health.ts';
import type { Follower } from './follower.ts';

/** Queue lengths at which the partitions are paused, and resumed. */
const recordsHigh = 20_000;
const recordsLow = 5_000;
/** Records that the follower takes in at once. */
const chunkRecords = 1_000;

export interface FeedDeps {
  follower: Pick<Follower, 'follow'>;
  /** Pauses and resumes every partition. */
  pauseAll(): void;
  resumeAll(): void;
  backoff: Backoff;
  health: Pick<Health, 'failed' | 'done'>;
  log: Logger;
  fatal(error: unknown): void;
}

export interface Feed {
  enqueue(topic: string, partition: number, records: readonly InRecord[]): void;
  /** Finishes the current records and drops the rest: their offsets have not moved. */
  stop(): Promise<void>;
}

export function startFeed(deps: FeedDeps): Feed {
  const abort = new AbortController();
  const queue: { topic: string; partition: number; records: readonly InRecord[] }[] = [];
  let queued = 0;
  let isPaused = false;
  let bell = Promise.withResolvers<void>();

  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const next = queue.shift();
      if (next === undefined) {
        await bell.promise;
        bell = Promise.withResolvers<void>();
        continue;
      }
      for (let from = 0; from < next.records.length && !abort.signal.aborted; from += chunkRecords) {
        await followUntilDone(
          deps,
          { ...next, records: next.records.slice(from, from + chunkRecords) },
          abort.signal,
        );
      }
      queued -= next.records.length;
      if (isPaused && queued <= recordsLow) {
        isPaused = false;
        deps.resumeAll();
      }
    }
  };
  const running = loop().catch((error: unknown) => {
    if (!abort.signal.aborted) deps.fatal(error);
  });

  return {
    enqueue(topic, partition, records) {
      queue.push({ topic, partition, records });
      queued += records.length;
      if (!isPaused && queued >= recordsHigh) {
        isPaused = true;
        deps.pauseAll();
      }
      bell.resolve();
    },
    async stop() {
      abort.abort();
      bell.resolve();
      await running;
    },
  };
}

/** Waits during temporary errors: they must not skip records. */
async function followUntilDone(
  { follower, backoff, log, health }: FeedDeps,
  { topic, partition, records }: { topic: string; partition: number; records: readonly InRecord[] },
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await follower.follow(topic, partition, records, signal);
      health.done('following waits');
      return;
    } catch (error) {
      if (signal.aborted || classify(error) !== 'retry') throw error;
      health.failed('following waits', errorMessage(error));
      log.warn({ err: error, attempt }, `reading is delayed: ${errorMessage(error)}`);
      await sleep(backoff(attempt), signal);
    }
  }
}
