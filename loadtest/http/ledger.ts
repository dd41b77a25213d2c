/** Reads the accepted orders of a world and their results from the log and the database, not from the services. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaAdmin } from '../../services/shared/kafka/index.ts';
import type { Mysql } from '../../services/shared/mysql/index.ts';
import { COMMANDS, EVENTS } from '../../topics/index.ts';

export interface Ledger {
  /** Numbers of commands and outcomes in the log. */
  progress(): Promise<{ commands: number; outcomes: number }>;
  /** Resolves once the outcome of every command is published. Rejects after a timeout. */
  quiesce(): Promise<void>;
  /**
   * Null if exactly `accepted` orders with this prefix of the idempotency key are stored, otherwise the fault. Call
   * `quiesce` first.
   */
  faultOf(keyPrefix: string, accepted: number): Promise<string | null>;
}

const quiesceDeadlineMs = 120_000;
const pollMs = 50;

export function createLedger({ admin, mysql }: { admin: KafkaAdmin; mysql: Mysql }): Ledger {
  const endOf = async (topic: string): Promise<number> => {
    const ends = await admin.endOffsets(topic);
    return [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
  };
  /** Reads the outcomes first. Decisions between the two reads can only make the backlog look larger. */
  const progress = async () => {
    const outcomes = await endOf(EVENTS);
    return { outcomes, commands: await endOf(COMMANDS) };
  };
  /**
   * The number of commands without a published outcome, from the database. A count in the log would be wrong. A
   * stopped worker may have published outcomes twice, and these copies would hide missing outcomes.
   */
  const waiting = async (): Promise<number> => {
    const rows = await mysql.pool.rows<{ partition_id: number; published_offset: number }>(
      'SELECT partition_id, published_offset FROM lane_positions',
    );
    const published = new Map(rows.map((row) => [row.partition_id, row.published_offset]));
    let count = 0;
    for (const [partition, { high }] of await admin.endOffsets(COMMANDS)) {
      count += Math.max(0, Number(high) - (published.get(partition) ?? 0));
    }
    return count;
  };
  return {
    progress,
    async quiesce() {
      const deadlineMs = performance.now() + quiesceDeadlineMs;
      for (;;) {
        const count = await waiting();
        if (count === 0) return;
        if (performance.now() > deadlineMs) throw new Error(`${count} commands had no outcome in time`);
        await sleep(pollMs);
      }
    },
    async faultOf(keyPrefix, accepted) {
      const [row] = await mysql.pool.rows<{ stored: number }>(
        'SELECT COUNT(*) AS stored FROM orders WHERE idempotency_key LIKE ?',
        [`${keyPrefix}%`],
      );
      const { stored } = row!;
      return stored === accepted ? null : `${accepted} orders were accepted and ${stored} stored`;
    },
  };
}
