/**
 * Gives a timer to unpaid orders of workers that know no timers. It reads the orders of a partition once, in the order of
 * their keys, and then only the new ones. `scheduler_leases.adopted_key` has the position. Each lane appends its orders, so
 * none appears before the position.
 */

import { PARTITIONS } from '../../../topics/index.ts';
import { expiryGraceMs } from '../../domain/index.ts';
import { orderKeyOf } from '../../orders-db/index.ts';
import { type Pool, placeholders } from '../../shared/mysql/index.ts';
import type { Budget } from './budget.ts';

export interface AdoptionDeps {
  readonly pool: Pool;
  readonly instanceId: string;
  readonly budget: Budget;
  readonly ratePerSecond: number;
  readonly held: () => readonly number[];
  readonly onAdopted: (orders: number) => void;
}

export interface Adoption {
  /** Reads one chunk of each held partition. Returns when the next turn is due, in ms. Rejects without the database. */
  turn(): Promise<number>;
}

/** Maximum number of orders that one statement reads. */
const chunkMax = 1_000;
const idleMs = 10_000;
/** Pause between two chunks, so that other statements of the database run. */
const busyMs = 50;

export function createAdoption(deps: AdoptionDeps): Adoption {
  return {
    async turn() {
      let hasMore = false;
      for (const partition of deps.held()) {
        const isMore = await adoptChunk(deps, partition);
        hasMore ||= isMore;
      }
      return hasMore ? busyMs : idleMs;
    },
  };
}

async function adoptChunk(deps: AdoptionDeps, partition: number): Promise<boolean> {
  const { pool, instanceId, budget, held } = deps;
  const [lease] = await pool.rows<{ adopted_key: number }>(
    'SELECT adopted_key FROM scheduler_leases WHERE partition_id = ? AND owner = ?',
    [partition, instanceId],
  );
  if (lease === undefined) return false;
  const fromKey = Math.max(lease.adopted_key, orderKeyOf(partition, 0));
  const rows = await pool.rows<{ order_key: number; is_unknown: number }>(
    `SELECT order_key, status = 'PENDING_PAYMENT' AND timer_at_ms IS NULL AND payment_due_at_ms IS NOT NULL AS is_unknown
     FROM orders WHERE order_key >= ? AND order_key < ? ORDER BY order_key LIMIT ?`,
    [fromKey, orderKeyOf(partition + 1, 0), chunkMax],
  );
  const unknown = rows.filter(({ is_unknown }) => Number(is_unknown) === 1).map(({ order_key }) => order_key);
  const allowed = budget.take(unknown.length, (deps.ratePerSecond * held().length) / PARTITIONS);
  const adopted = unknown.slice(0, allowed);
  if (adopted.length > 0) deps.onAdopted(await setTimers(pool, adopted));
  const nextKey = unknown[allowed] ?? (rows.at(-1)?.order_key ?? fromKey - 1) + 1;
  if (nextKey > lease.adopted_key && rows.length > 0)
    await pool.write('UPDATE scheduler_leases SET adopted_key = ? WHERE partition_id = ? AND owner = ?', [
      nextKey,
      partition,
      instanceId,
    ]);
  return rows.length === chunkMax || allowed < unknown.length;
}

/** Tests the rows again, because a worker may have changed them. Returns the number of orders with a new timer. */
async function setTimers(pool: Pool, orderKeys: readonly number[]): Promise<number> {
  const { affectedRows } = await pool.write(
    `UPDATE orders SET timer_at_ms = payment_due_at_ms + ?
     WHERE order_key IN (${placeholders(orderKeys)}) AND status = 'PENDING_PAYMENT' AND timer_at_ms IS NULL`,
    [expiryGraceMs, ...orderKeys],
  );
  return affectedRows;
}
