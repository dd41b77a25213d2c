/** Reads the audit log, and the redrives that earlier versions recorded in `dead_letter_audit`. */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface AuditFilter {
  /** `endpoint:we_…`, or a kind alone such as `endpoint`. */
  subject?: string;
  action?: string;
  actor?: string;
  /** Epoch ms, inclusive. */
  sinceMs?: number;
  untilMs?: number;
}

export interface AuditLine {
  at: string;
  actorKind: string;
  actor: string;
  origin: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  traceId: string | null;
}

/** Redrives of versions before the audit log, in its columns. */
const earlierRedrives = `
  SELECT audit_id, at_ms, 'OPERATOR' AS actor_kind, actor, '' AS origin,
    IF(action = 'REDRIVEN', 'dead_letter.redriven', 'dead_letter.redrive_failed') AS action,
    CONCAT('dead_letter:', partition_id, '-', source_offset) AS subject,
    detail AS details, NULL AS trace_id
  FROM dead_letter_audit`;

/** The newest matching lines, newest first, at most `max`. `more` is true if there are others. */
export async function readAudit(
  db: Connection,
  filter: AuditFilter,
  max: number,
): Promise<{ entries: AuditLine[]; more: boolean }> {
  const { where, values } = conditionsOf(filter);
  const read = async (from: string, detailsOf: (text: string) => Record<string, unknown>) => {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT * FROM ${from} WHERE ${where} ORDER BY audit_id DESC LIMIT ?`,
      [...values, max + 1],
    );
    return rows.map((row) => toLine(row, detailsOf(row['details'])));
  };
  // Two statements, because the optimizers push no condition into a UNION.
  const found = [
    ...(await read('audit_log', (text) => JSON.parse(text))),
    ...(await read(`(${earlierRedrives}) AS earlier`, (detail) => ({ detail }))),
  ];
  const entries = found.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, max);
  return { entries, more: found.length > max };
}

function conditionsOf({ subject, action, actor, sinceMs, untilMs }: AuditFilter): {
  where: string;
  values: unknown[];
} {
  const parts = ['TRUE'];
  const values: unknown[] = [];
  const add = (condition: string, value: unknown) => {
    parts.push(condition);
    values.push(value);
  };
  if (subject?.includes(':')) add('subject = ?', subject);
  else if (subject !== undefined) add("subject LIKE CONCAT(REPLACE(?, '_', '\\\\_'), ':%')", subject);
  if (action !== undefined) add('action = ?', action);
  if (actor !== undefined) add('actor = ?', actor);
  if (sinceMs !== undefined) add('at_ms >= ?', sinceMs);
  if (untilMs !== undefined) add('at_ms <= ?', untilMs);
  return { where: parts.join(' AND '), values };
}

function toLine(row: RowDataPacket, details: Record<string, unknown>): AuditLine {
  return {
    at: new Date(Number(row['at_ms'])).toISOString(),
    actorKind: row['actor_kind'],
    actor: row['actor'],
    origin: row['origin'],
    action: row['action'],
    subject: row['subject'],
    details,
    traceId: row['trace_id'],
  };
}
