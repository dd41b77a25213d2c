/**
 * The queue between the consumer, which must never wait, and the follower, which may wait. All partitions share one
 * buffer, in order of arrival.
 */
import { setImmediate } from 'node:timers/promises';
import { type BufferLimits, PartitionBuffer } from '../../shared/consuming/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import type { Health } from '../running/health.ts';
import type { Follower } from './follower.ts';

const bufferLimits: BufferLimits = { recordsHigh: 20_000, recordsLow: 5_000 };
/** Maximum records that the follower processes at once. */
const chunkRecords = 4_000;

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
  enqueue(records: readonly InRecord[]): void;
  /** Finishes the current chunk and drops the other records. Their offsets have not moved. */
  stop(): Promise<void>;
}

export function startFeed(deps: FeedDeps): Feed {
  const abort = new AbortController();
  const buffer = new PartitionBuffer(bufferLimits, { pause: deps.pauseAll, resume: deps.resumeAll });

  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await buffer.untilReady(abort.signal);
      // The partitions of one fetch arrive in one turn of the event loop, and share a query.
      await setImmediate();
      const chunk = buffer.peek(chunkRecords);
      if (abort.signal.aborted || chunk.length === 0) continue;
      await followUntilDone(deps, chunk, abort.signal);
      buffer.dropFirst(chunk.length);
    }
  };
  const running = loop().catch((error: unknown) => {
    if (!abort.signal.aborted) deps.fatal(error);
  });

  return {
    enqueue(records) {
      for (const record of records) buffer.push(record);
    },
    async stop() {
      abort.abort();
      await running;
    },
  };
}

/** Retries during temporary errors, so that no record is skipped. */
async function followUntilDone(
  { follower, backoff, log, health }: FeedDeps,
  records: readonly InRecord[],
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await follower.follow(records, signal);
      health.done('following waits');
      return;
    } catch (error) {
      if (signal.aborted || classify(error) !== 'retry') throw error;
      health.failed('following waits', errorMessage(error));
      log.warn({ err: error, attempt }, 'the follower cannot process records yet and retries');
      await sleep(backoff(attempt), signal);
    }
  }
}
