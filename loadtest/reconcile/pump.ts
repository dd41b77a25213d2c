/** Keeps the command log just far enough ahead of the workers that they never wait for commands. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accumulator } from '../../services/shared/kafka/index.ts';
import { PARTITIONS } from '../../topics/index.ts';
import type { RecordSource } from '../store/record-source.ts';

export interface Pump {
  /** Number of orders that were sent and acknowledged. */
  sent(): number;
  /**
   * Sends until `pause`, or up to a total number of orders. Sends as fast as the workers decide, or at a rate per
   * second.
   */
  run(limits?: { upTo?: number; perSecond?: number }): Promise<void>;
  /** Resolves when the sends in flight are acknowledged. */
  pause(): Promise<void>;
}

interface Deps {
  source: RecordSource;
  accumulator: Pick<Accumulator, 'sendBatch'>;
  decided(): Promise<number>;
}

/** Number of undecided commands that the pump keeps in the log. */
const aheadOrders = 24_000;
/** Number of orders of one partition in one send. */
const batchOrders = 250;
const lookEveryMs = 50;

export function createPump({ source, accumulator, decided }: Deps): Pump {
  const next = Array<number>(PARTITIONS).fill(0);
  let sent = 0;
  let running: Promise<void> | null = null;
  let isPaused = false;

  const sendRound = async (): Promise<void> => {
    await Promise.all(
      next.map(async (offset, partition) => {
        const messages = Array.from({ length: batchOrders }, (_, n) => {
          const { topic, key, value, headers } = source.record(partition, offset + n);
          // The timestamps of the stream are fixed in the past, and topics delete old records.
          return { topic, partition, key, value, headers, timestampMs: Date.now() };
        });
        await accumulator.sendBatch(messages as Parameters<Accumulator['sendBatch']>[0]);
        next[partition] = offset + batchOrders;
      }),
    );
    sent = next.reduce((sum, offset) => sum + offset, 0);
  };
  const pump = async (upTo: number, perSecond: number): Promise<void> => {
    const started = { sent, ms: performance.now() };
    while (!isPaused && sent < upTo) {
      const due = started.sent + ((performance.now() - started.ms) / 1_000) * perSecond;
      if (sent >= due || sent - (await decided()) > aheadOrders) await sleep(lookEveryMs);
      else await sendRound();
    }
  };

  return {
    sent: () => sent,
    run({ upTo = Number.POSITIVE_INFINITY, perSecond = Number.POSITIVE_INFINITY } = {}) {
      isPaused = false;
      running = pump(upTo, perSecond);
      return running;
    },
    async pause() {
      isPaused = true;
      await running;
    },
  };
}
