/**
 * Reads all attempts to send a dead letter again, from the audit log and from `dead_letter_audit`, which earlier
 * versions wrote.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { auditSubject } from '../../services/shared/audit/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';

export interface AuditLine {
  action: 'REDRIVEN' | 'FAILED';
  actor: string;
  detail: string;
  /** The reason that the operator gave. */
  note?: string | undefined;
  atMs: number;
}

type Try = AuditLine & { position: string };

/** The attempts for these positions (`<partition>-<offset>`), oldest first. */
export async function readTries(db: Connection, positions: readonly string[]): Promise<Try[]> {
  if (positions.length === 0) return [];
  const earlier = await readEarlier(db, positions);
  return [...earlier, ...(await readLogged(db, positions))].toSorted((a, b) => a.atMs - b.atMs);
}

async function readLogged(db: Connection, positions: readonly string[]): Promise<Try[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT subject, action, actor, details, at_ms FROM audit_log WHERE subject IN (?) ORDER BY audit_id',
    [positions.map((position) => auditSubject('dead_letter.redriven', position))],
  );
  return rows.map((row) => {
    const { by, detail, note } = JSON.parse(row['details']) as {
      by?: string;
      detail?: string;
      note?: string;
    };
    return {
      position: String(row['subject']).slice('dead_letter:'.length),
      action: row['action'] === 'dead_letter.redriven' ? 'REDRIVEN' : 'FAILED',
      actor: by ?? row['actor'],
      detail: detail ?? '',
      note,
      atMs: Number(row['at_ms']),
    };
  });
}

async function readEarlier(db: Connection, positions: readonly string[]): Promise<Try[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT partition_id, source_offset, action, actor, detail, at_ms FROM dead_letter_audit WHERE topic = ? AND (partition_id, source_offset) IN (?) ORDER BY audit_id',
    [COMMANDS, positions.map((position) => position.split('-').map(Number))],
  );
  return rows.map((row) => ({
    position: `${row['partition_id']}-${row['source_offset']}`,
    action: row['action'],
    actor: row['actor'],
    detail: row['detail'],
    atMs: Number(row['at_ms']),
  }));
}
