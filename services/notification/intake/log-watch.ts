/**
 * Notices when the outcome topic is no longer the same log, and reads its partitions again from their beginning.
 *
 * A position outside the log means that the log was truncated, or recreated and shorter. Another topic id means
 * that the log was recreated, whatever its length. Nothing is sent twice: intake drops outcomes whose source
 * offsets are not above the stored positions. Truncated outcomes never arrive. The next outcome then names a
 * predecessor that intake has not seen, and intake counts a gap. Reconciliation finds each missing outcome
 * (OUTCOME_MISSING).
 *
 * A restored database has positions behind the group's offsets. The log watch reads the outcomes between them
 * again in the same way.
 */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import type { Stall } from '../stall.ts';

export interface LogWatchDeps {
  /** The first offset of each partition of the outcome topic. */
  beginnings(): Promise<ReadonlyMap<number, bigint>>;
  /** The id that the cluster currently gives the topic. */
  topicId(): Promise<string>;
  /** The topic id of the stored positions; null if there is none yet. */
  storedTopicId(): Promise<string | null>;
  /** Stores the topic id if it is not stored yet. */
  storeTopicId(id: string): Promise<void>;
  /** Partitions that are currently assigned. */
  partitions(): readonly number[];
  /** Reads a partition from this offset on, whatever was read before. */
  restart(partition: number, from: bigint): void;
  /** Interval between two checks of the id. */
  everyMs: number;
  backoff: Backoff;
  stall: Stall;
  log: Logger;
  metrics: Metrics;
}

type RestartReason = 'outOfRange' | 'newTopic' | 'gap';

export interface LogWatch {
  /** Reports a position outside the log. The consumer has paused the partition. */
  outOfRange(partition: number, position: bigint | null): void;
  /**
   * Reads a partition again from its beginning. Resolves once the consumer has that position. Rejects only when
   * the watch is stopped.
   */
  readAgain(partition: number): Promise<void>;
  /** Checks the topic's id now. If it changed, its partitions are read again. Throws if the check fails. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function startLogWatch(deps: LogWatchDeps): LogWatch {
  const abort = new AbortController();
  const { signal } = abort;
  const { log, metrics, stall } = deps;
  let known: string | null = null;
  let restarting = Promise.resolve();

  /**
   * Restarts partitions at the beginning of their logs, and retries until the brokers report it. Skips
   * partitions that were lost meanwhile.
   */
  const restart = async (partitions: readonly number[], reason: RestartReason): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        stall.begin('the brokers do not say where the outcome topic begins');
        const beginnings = await deps.beginnings();
        const assigned = new Set(deps.partitions());
        for (const partition of partitions) {
          if (!assigned.has(partition)) continue;
          deps.restart(partition, beginnings.get(partition) ?? 0n);
          metrics.inc('notification_log_restarts_total', { reason });
        }
        stall.end();
        return;
      } catch (error) {
        log.warn({ err: error, attempt }, `intake cannot read a partition again yet: ${errorMessage(error)}`);
        await sleep(deps.backoff(attempt), signal).catch(() => undefined);
      }
    }
  };

  const compare = async (): Promise<void> => {
    const id = await deps.topicId();
    known ??= await deps.storedTopicId();
    if (known !== null && known !== id) {
      log.error(
        { was: known, is: id },
        'the outcome topic was recreated; intake reads it again from its beginning',
      );
      await restart(deps.partitions(), 'newTopic');
      if (signal.aborted) return;
    }
    known = id;
    // The id is stored each time, because positions of newly assigned partitions have no id yet.
    await deps.storeTopicId(id);
  };

  let looking: Promise<void> | null = null;
  const look = (): Promise<void> => {
    looking ??= compare().finally(() => {
      looking = null;
    });
    return looking;
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      // A failed check is repeated at the next interval.
      await look().catch((error: unknown) =>
        log.debug({ err: error }, 'intake cannot check the id of the outcome topic'),
      );
      await sleep(deps.everyMs, signal).catch(() => undefined);
    }
  };
  const running = loop();

  return {
    outOfRange(partition, position) {
      log.error(
        { partition, position: String(position) },
        'the outcome topic was truncated or recreated; intake reads the partition again from its beginning',
      );
      restarting = restarting.then(() => restart([partition], 'outOfRange'));
    },
    async readAgain(partition) {
      restarting = restarting.then(() => restart([partition], 'gap'));
      await restarting;
      signal.throwIfAborted();
    },
    look,
    async stop() {
      abort.abort();
      await Promise.all([running, restarting]);
    },
  };
}
