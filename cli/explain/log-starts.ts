/** Where the logs may have the first record of an order. A log may have millions of records before it. */
import type { RowDataPacket } from 'mysql2/promise';
import type { LaneRow } from '../../services/inspection/index.ts';

export interface LogStart {
  /** No command of the order is before this offset. */
  readonly commandOffset: number;
  /** No outcome and no state of the order is older, epoch ms. */
  readonly atMs: number;
}

interface DecidedRows {
  readonly order: RowDataPacket | null;
  readonly storedCommands: readonly RowDataPacket[];
  readonly deadLetters: readonly RowDataPacket[];
}

/**
 * Every decided command of the order has a row, or repeats one that has a row. All others are at the position of the lane
 * or after it. Null if there is no row: then only the whole logs can tell.
 */
export function startOf(
  { order, storedCommands, deadLetters }: DecidedRows,
  lane: LaneRow | null,
): LogStart | null {
  const rows = [...(order === null ? [] : [order]), ...storedCommands, ...deadLetters];
  if (rows.length === 0 || lane === null) return null;
  const offsets = rows.map((row) => Number(row['source_offset']));
  const times = rows.map((row) => Number(row['created_at_ms'] ?? row['at_ms'] ?? row['first_failed_at_ms']));
  return { commandOffset: Math.min(lane.next, ...offsets), atMs: Math.min(...times) };
}
