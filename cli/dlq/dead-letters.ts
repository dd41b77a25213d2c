/** Dead letters as stored in the database: the source record, the reason and the current status. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type AuditEntry, recordAudit } from '../../services/shared/audit/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import { type AuditLine, readTries } from './tries.ts';

/** `<partition>-<offset>` of the source record. The event id of its outcome is the same. */
export type Position = string;

export interface DeadLetter {
  position: Position;
  partition: number;
  offset: number;
  orderId: string | null;
  schemaId: number | null;
  reason: string;
  message: string;
  /** Number of attempts so far, including redriven copies. */
  attempts: number;
  /** Hex digest of the record value. */
  valueSha256: string;
  valueBytes: number;
  sourceAtMs: number;
  firstFailedAtMs: number;
  status: 'OPEN' | 'REDRIVEN';
  redrivenAtMs: number | null;
  audit: AuditLine[];
}

export interface DeadLetterFilter {
  /** Matches any of these reasons. */
  reasons?: readonly string[];
  /** Time of the first failure, epoch ms, inclusive. */
  sinceMs?: number;
  untilMs?: number;
  partition?: number;
  orderId?: string;
  positions?: readonly Position[];
  openOnly: boolean;
}

const COLUMNS =
  'partition_id, source_offset, LOWER(HEX(order_id)) AS order_hex, schema_id, reason_code, message, attempts, ' +
  'LOWER(HEX(value_sha256)) AS digest, value_bytes, source_at_ms, first_failed_at_ms, status, redriven_at_ms';

/** The matching dead letters, oldest failure first, at most `max`, with their audit lines. */
export async function readDeadLetters(
  db: Connection,
  filter: DeadLetterFilter,
  max: number,
): Promise<DeadLetter[]> {
  const { where, values } = conditionsOf(filter);
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT ${COLUMNS} FROM dead_letters WHERE ${where} ORDER BY first_failed_at_ms, partition_id, source_offset LIMIT ?`,
    [...values, max],
  );
  const deadLetters = rows.map(toDeadLetter);
  await addAudit(db, deadLetters);
  return deadLetters;
}

/** The number of matching dead letters, by reason and status, largest first. */
export async function countDeadLetters(
  db: Connection,
  filter: DeadLetterFilter,
): Promise<{ reason: string; status: string; letters: number }[]> {
  const { where, values } = conditionsOf(filter);
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT reason_code, status, COUNT(*) AS letters FROM dead_letters WHERE ${where} GROUP BY reason_code, status ORDER BY letters DESC, reason_code, status`,
    values,
  );
  return rows.map((row) => ({
    reason: row['reason_code'],
    status: row['status'],
    letters: Number(row['letters']),
  }));
}

/** Positions of all open dead letters of these orders, because later dead letters must not overtake them. */
export async function readOpenOfOrders(
  db: Connection,
  orderIds: readonly string[],
): Promise<{ orderId: string; partition: number; offset: number }[]> {
  if (orderIds.length === 0) return [];
  const [rows] = await db.query<RowDataPacket[]>(
    "SELECT LOWER(HEX(order_id)) AS order_hex, partition_id, source_offset FROM dead_letters WHERE status = 'OPEN' AND topic = ? AND order_id IN (?)",
    [COMMANDS, orderIds.map(idBytes)],
  );
  return rows.map((row) => ({
    orderId: uuidOf(row['order_hex'])!,
    partition: Number(row['partition_id']),
    offset: Number(row['source_offset']),
  }));
}

/**
 * Records an attempt. After a successful attempt the dead letter is no longer open. Both changes are in one
 * transaction.
 */
export async function noteTry(
  db: Connection,
  { partition, offset, position }: DeadLetter,
  { action, actor, detail, note, atMs }: AuditLine,
): Promise<void> {
  await db.beginTransaction();
  if (action === 'REDRIVEN') {
    await db.query(
      "UPDATE dead_letters SET status = 'REDRIVEN', redriven_at_ms = ? WHERE topic = ? AND partition_id = ? AND source_offset = ?",
      [atMs, COMMANDS, partition, offset],
    );
  }
  const entry: AuditEntry = {
    action: action === 'REDRIVEN' ? 'dead_letter.redriven' : 'dead_letter.redrive_failed',
    subjectId: position,
    details: { by: actor, detail, note },
  };
  await recordAudit(auditTargetOf(db), currentOperator(), [entry], atMs);
  await db.commit();
}

function conditionsOf(filter: DeadLetterFilter): { where: string; values: unknown[] } {
  const parts = ['topic = ?'];
  const values: unknown[] = [COMMANDS];
  const add = (condition: string, ...given: unknown[]) => {
    parts.push(condition);
    values.push(...given);
  };
  if (filter.openOnly) add("status = 'OPEN'");
  if (filter.reasons !== undefined) add('reason_code IN (?)', filter.reasons);
  if (filter.sinceMs !== undefined) add('first_failed_at_ms >= ?', filter.sinceMs);
  if (filter.untilMs !== undefined) add('first_failed_at_ms <= ?', filter.untilMs);
  if (filter.partition !== undefined) add('partition_id = ?', filter.partition);
  if (filter.orderId !== undefined) add('order_id = ?', idBytes(filter.orderId));
  if (filter.positions !== undefined) {
    add('(partition_id, source_offset) IN (?)', filter.positions.map(parsePosition));
  }
  return { where: parts.join(' AND '), values };
}

/** Reads a position: `3-120` is partition 3, offset 120. Null for any other text. */
export function parsePosition(text: string): [partition: number, offset: number] | null {
  const match = /^(\d{1,5})-(\d{1,15})$/.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

async function addAudit(db: Connection, deadLetters: readonly DeadLetter[]): Promise<void> {
  const byPosition = new Map(deadLetters.map((deadLetter) => [deadLetter.position, deadLetter]));
  for (const { position, ...line } of await readTries(db, [...byPosition.keys()])) {
    byPosition.get(position)?.audit.push(line);
  }
}

function toDeadLetter(row: RowDataPacket): DeadLetter {
  const partition = Number(row['partition_id']);
  const offset = Number(row['source_offset']);
  return {
    position: `${partition}-${offset}`,
    partition,
    offset,
    orderId: uuidOf(row['order_hex']),
    schemaId: row['schema_id'],
    reason: row['reason_code'],
    message: row['message'],
    attempts: row['attempts'],
    valueSha256: row['digest'],
    valueBytes: row['value_bytes'],
    sourceAtMs: Number(row['source_at_ms']),
    firstFailedAtMs: Number(row['first_failed_at_ms']),
    status: row['status'],
    redrivenAtMs: row['redriven_at_ms'] === null ? null : Number(row['redriven_at_ms']),
    audit: [],
  };
}

function idBytes(orderId: string): Buffer {
  return Buffer.from(orderId.replaceAll('-', ''), 'hex');
}

function uuidOf(hex: string | null): string | null {
  return hex === null ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
