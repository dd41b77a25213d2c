/**
 * A pass over the orders that are due. It reads them page by page, and sends the commands that are needed.
 *
 *   lane positions ──► time of the database ──► page of due orders ──► commands ──► wait for the brokers
 *
 * The positions are read before the orders. So a command that counts as decided has its effect in the rows.
 *
 * A pass begins again 10 s after its start, once it has reached the end. Orders may get a time before the cursor. A
 * pass also begins again after a command that was not produced, and when a partition comes back.
 */

import { COMMANDS, PARTITIONS } from '../../../topics/index.ts';
import { placedAt, selectLanes } from '../../orders-db/index.ts';
import { type Pool, readNowMs } from '../../shared/mysql/index.ts';
import type { Budget } from './budget.ts';
import { afterTime, firstTimer, readDueOrders, type TimerCursor } from './due-orders.ts';
import { type LanePosition, noPosition, type SentCommands } from './sent-commands.ts';
import type { DueOrder } from './timer-kinds.ts';

/** What became of a command: its offset, or null if nobody knows, or that it is not in the log. */
export type SendEnd = bigint | null | 'not produced';

export interface ScanDeps {
  readonly pool: Pool;
  readonly sent: SentCommands;
  readonly budget: Budget;
  readonly ratePerSecond: number;
  /** Partitions that this instance holds now. */
  readonly held: () => readonly number[];
  /** Sends one command for each order. Never rejects. */
  readonly send: (orders: readonly DueOrder[], nowMs: number) => Promise<readonly SendEnd[]>;
  readonly onPause: (partition: number, waiting: number) => void;
  readonly onResume: (partition: number) => void;
}

export interface Scan {
  /** Reads one page and sends its commands. Returns when the next turn is due, in ms. Rejects without the database. */
  turn(): Promise<number>;
  /** Partitions that wait for their lanes. */
  readonly paused: ReadonlySet<number>;
}

const pageMax = 1_000;
const passEveryMs = 10_000;
/** Until the next turn: at the end of a pass, and when the rate is used up. */
const idleMs = 500;
const limitedMs = 100;
/** A partition with more records without an outcome gets no more commands. */
const waitingMax = 5_000;

export function createScan(deps: ScanDeps): Scan {
  const { pool, sent, held } = deps;
  const paused = new Set<number>();
  let scanned: readonly number[] = [];
  let cursor: TimerCursor = firstTimer;
  let isAtEnd = false;
  let passAtMs = performance.now();
  const rewind = (): void => {
    cursor = firstTimer;
    isAtEnd = false;
    passAtMs = performance.now();
  };
  return {
    paused,
    async turn() {
      const partitions = held();
      if (partitions.length === 0) {
        scanned = [];
        return idleMs;
      }
      const lanes = await readPositions(pool);
      const nowMs = await readNowMs(pool);
      const open = partitions.filter((partition) => updatePause(deps, paused, partition, lanes));
      for (const partition of paused) if (!partitions.includes(partition)) paused.delete(partition);
      const isPassOver = isAtEnd && performance.now() - passAtMs >= passEveryMs;
      if (isPassOver) sent.prune(nowMs, lanes, partitions);
      if (isPassOver || open.some((partition) => !scanned.includes(partition))) rewind();
      scanned = open;
      if (open.length === 0) return idleMs;
      const due = await readDueOrders(pool, { after: cursor, nowMs, partitions: open, limit: pageMax });
      const page = await sendPage(deps, due, nowMs, lanes, partitions.length);
      const last = due[page.seen - 1];
      if (last !== undefined) cursor = last;
      isAtEnd = due.length < pageMax && page.seen === due.length;
      if (isAtEnd) cursor = afterTime(nowMs);
      if (page.isLost) rewind();
      if (isAtEnd || page.isLost) return idleMs;
      return page.seen < due.length ? limitedMs : 0;
    },
  };
}

/**
 * Sends the commands of a page, as far as the rate allows. Returns the number of orders that it has dealt with, and
 * whether a command was not produced.
 */
async function sendPage(
  { sent, budget, ratePerSecond, send }: ScanDeps,
  due: readonly DueOrder[],
  nowMs: number,
  lanes: ReadonlyMap<number, LanePosition>,
  heldCount: number,
): Promise<{ seen: number; isLost: boolean }> {
  const partitionOf = (order: DueOrder): number => placedAt(order.orderKey).partition;
  const laneOf = (order: DueOrder): LanePosition => lanes.get(partitionOf(order)) ?? noPosition;
  const isNeeded = (order: DueOrder): boolean => !sent.has(order, nowMs, laneOf(order));
  const needed = due.filter(isNeeded);
  const allowed = budget.take(needed.length, (ratePerSecond * heldCount) / PARTITIONS);
  const orders = needed.slice(0, allowed);
  const ends = await send(orders, nowMs);
  let isLost = false;
  for (const [i, order] of orders.entries()) {
    const end = ends[i]!;
    if (end === 'not produced') isLost = true;
    else {
      const offset = end === null ? null : Number(end);
      sent.add(order, { partition: partitionOf(order), nowMs, offset, log: laneOf(order).log });
    }
  }
  const next = needed[allowed];
  return { seen: next === undefined ? due.length : due.indexOf(next), isLost };
}

/** Pauses or resumes a partition by its lane. Returns whether it is open. */
function updatePause(
  { sent, onPause, onResume }: ScanDeps,
  paused: Set<number>,
  partition: number,
  lanes: ReadonlyMap<number, LanePosition>,
): boolean {
  const waiting = sent.waiting(partition, lanes.get(partition) ?? noPosition);
  const isOpen = waiting <= waitingMax;
  if (isOpen && paused.delete(partition)) onResume(partition);
  if (!isOpen && !paused.has(partition)) {
    paused.add(partition);
    onPause(partition, waiting);
  }
  return isOpen;
}

async function readPositions(pool: Pool): Promise<Map<number, LanePosition>> {
  const rows = await selectLanes(
    pool,
    ['partition_id', 'topic_id', 'next_offset', 'published_offset'],
    COMMANDS,
  );
  return new Map(
    rows.map((row) => [
      row.partition_id,
      { log: row.topic_id, decided: row.next_offset, published: row.published_offset },
    ]),
  );
}
