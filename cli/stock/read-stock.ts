/** The stock of a SKU and its adjustments, as the tables have them. */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface StockLevel {
  readonly sku: string;
  /** Units that new orders can get. */
  readonly available: number;
  /** Units of accepted orders that are not shipped. */
  readonly committed: number;
  /** Units in the warehouse. */
  readonly onHand: number;
}

export interface StockAdjustment {
  readonly atMs: number;
  readonly delta: number;
  /** The level after the adjustment. */
  readonly available: number;
  readonly actor: string;
  readonly reason: string | null;
  readonly commandId: string;
  /** Partition and offset of the command. */
  readonly position: string;
}

/** The stock of a SKU, or null. */
export async function readLevel(db: Connection, sku: string): Promise<StockLevel | null> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT available, initial + added - shipped AS on_hand FROM stock WHERE sku = ?',
    [sku],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const [available, onHand] = [Number(row['available']), Number(row['on_hand'])];
  return { sku, available, committed: onHand - available, onHand };
}

/** The last adjustments of a SKU, newest first. */
export async function readAdjustments(
  db: Connection,
  sku: string,
  limit: number,
): Promise<StockAdjustment[]> {
  return adjustments(db, 'ORDER BY source_partition DESC, source_offset DESC LIMIT ?', [sku, limit]);
}

/** The adjustment that a command made, or null. */
export async function readAdjustment(
  db: Connection,
  sku: string,
  commandId: string,
): Promise<StockAdjustment | null> {
  return (await adjustments(db, 'AND command_id = ? LIMIT 1', [sku, commandId]))[0] ?? null;
}

async function adjustments(
  db: Connection,
  rest: string,
  values: readonly (string | number)[],
): Promise<StockAdjustment[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT at_ms, delta, available, actor, reason, command_id, source_partition, source_offset
     FROM stock_movements WHERE sku = ? ${rest}`,
    [...values],
  );
  return rows.map((row) => ({
    atMs: Number(row['at_ms']),
    delta: Number(row['delta']),
    available: Number(row['available']),
    actor: row['actor'],
    reason: row['reason'],
    commandId: row['command_id'],
    position: `${row['source_partition']}-${row['source_offset']}`,
  }));
}
