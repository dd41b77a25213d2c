import { createAdmin, createPartitionReader, type KafkaSettings } from '../services/shared/kafka/index.ts';
import { createLogger } from '../services/shared/log/index.ts';

export interface Verdict {
  acknowledged: number;
  failed: number;
  /** Number of acknowledged messages that the log lacks. */
  lost: number;
  /** Number of acknowledged messages whose first copy is after a later message of their partition. */
  outOfOrder: number;
  duplicates: number;
  /** The longest time without any acknowledgement. */
  longestGapMs: number;
}

/** The results of one producer: the numbered messages of each partition, and the acknowledged ones among them. */
export class Ledger {
  readonly #nextSequence: number[];
  readonly #acknowledged: Set<number>[];
  #turn = 0;
  #failed = 0;
  #lastAckMs = performance.now();
  #longestGapMs = 0;

  constructor(partitions: number) {
    this.#nextSequence = new Array(partitions).fill(0);
    this.#acknowledged = Array.from({ length: partitions }, () => new Set());
  }

  /** The next messages, one partition after the other. */
  next(count: number): { partition: number; sequence: number; value: Buffer }[] {
    return Array.from({ length: count }, () => {
      const partition = this.#turn++ % this.#nextSequence.length;
      const sequence = this.#nextSequence[partition]!++;
      return { partition, sequence, value: Buffer.from(String(sequence)) };
    });
  }

  acknowledged(partition: number, sequence: number): void {
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastAckMs);
    this.#lastAckMs = now;
    this.#acknowledged[partition]!.add(sequence);
  }

  failed(count: number): void {
    this.#failed += count;
  }

  /** `log[partition]` are the sequence numbers in log order. */
  compare(log: readonly (readonly number[])[]): Verdict {
    const verdict = { acknowledged: 0, lost: 0, outOfOrder: 0, duplicates: 0 };
    this.#acknowledged.forEach((acknowledged, partition) => {
      const seen = new Set<number>();
      let highest = -1;
      for (const sequence of log[partition] ?? []) {
        if (seen.has(sequence)) verdict.duplicates++;
        else if (acknowledged.has(sequence)) {
          if (sequence < highest) verdict.outOfOrder++;
          highest = Math.max(highest, sequence);
        }
        seen.add(sequence);
      }
      verdict.acknowledged += acknowledged.size;
      for (const sequence of acknowledged) if (!seen.has(sequence)) verdict.lost++;
    });
    return { ...verdict, failed: this.#failed, longestGapMs: this.#longestGapMs };
  }
}

/** The sequence numbers of every partition of a topic, from its beginning to its current end. */
export async function readLog(settings: KafkaSettings, topic: string): Promise<number[][]> {
  const admin = createAdmin(settings);
  const ends = await admin.endOffsets(topic);
  await admin.close();
  const log: number[][] = [];
  const done = Promise.withResolvers<void>();
  const reached = (reader: { positions(): { partition: number; offset: bigint }[] }) =>
    reader.positions().every(({ partition, offset }) => offset >= (ends.get(partition)?.high ?? 0n));
  const reader = createPartitionReader({
    settings,
    topics: [topic],
    from: 'earliest',
    log: createLogger({ service: 'faults', level: 'error', instanceId: 'reader' }),
    onRecords(_topic, partition, records) {
      log[partition] ??= [];
      for (const { value } of records) log[partition].push(Number(String(value)));
      if (reached(reader)) done.resolve();
    },
  });
  await reader.start();
  if (reached(reader)) done.resolve();
  await done.promise;
  await reader.stop();
  return log;
}
