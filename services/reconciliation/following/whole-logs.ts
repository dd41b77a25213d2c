/** Reads all records of the followed topics, from given offsets to the current ends. */
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/index.ts';
import {
  createPartitionReader,
  type KafkaAdmin,
  type KafkaSettings,
  type TopicPartitionOffset,
} from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { sleep } from '../../shared/retry/index.ts';
import type { Follower } from './follower.ts';

export interface ReadOptions {
  settings: KafkaSettings;
  log: Logger;
  signal: AbortSignal;
  /** Called at intervals with the progress. */
  onProgress?(text: string): void;
}

/** Maximum wait for the states. States that are not read by then count as not yet written. */
const statesWaitMs = 60_000;
const statesPollMs = 50;

/** Reads the logs with its own partition reader. A failure there ends the run. */
export function readLogs(options: ReadOptions, from: readonly TopicPartitionOffset[], follower: Follower) {
  const { settings, log, signal, onProgress } = options;
  const abort = new AbortController();
  const ended = AbortSignal.any([signal, abort.signal]);
  let failure: unknown = null;
  let inHand = 0;
  const reader = createPartitionReader({
    settings,
    topics: [COMMANDS, EVENTS, DEAD_LETTERS, STATE],
    from,
    async onRecords(_topic, _partition, records) {
      if (failure !== null) return;
      inHand++;
      try {
        await follower.follow(records, ended);
      } catch (error) {
        failure = error;
        abort.abort();
      } finally {
        inHand--;
      }
    },
    log,
  });
  return {
    start: () => reader.start(),
    stop: () => reader.stop(),
    /** Resolves when all records up to the current ends have been followed. */
    async untilEnd(admin: KafkaAdmin): Promise<void> {
      for (const topic of [COMMANDS, DEAD_LETTERS, EVENTS]) {
        const ends = new Map(
          [...(await admin.endOffsets(topic))].map(([partition, { high }]) => [partition, high]),
        );
        while ((await follower.reached(topic, ends, ended)).size < ends.size) {
          if (failure !== null) throw failure;
          signal.throwIfAborted();
          onProgress?.(`reading ${topic}: ${behind(follower, topic, ends)} records to go`);
        }
      }
      // The last entry of a states partition marks a transaction and is not delivered as a record.
      const ends = await admin.endOffsets(STATE);
      const isRead = (): boolean =>
        inHand === 0 &&
        reader.positions().every(({ topic, partition, offset }) => {
          return topic !== STATE || offset >= (ends.get(partition)?.high ?? 0n);
        });
      for (let waitedMs = 0; !isRead() && waitedMs < statesWaitMs; waitedMs += statesPollMs) {
        if (failure !== null) throw failure;
        onProgress?.('reading the states');
        await sleep(statesPollMs, signal);
      }
    },
  };
}

function behind(follower: Follower, topic: string, ends: ReadonlyMap<number, bigint>): bigint {
  return [...ends].reduce((sum, [partition, end]) => {
    const left = end - follower.position(topic, partition);
    return left > 0n ? sum + left : sum;
  }, 0n);
}
