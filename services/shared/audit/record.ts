import { appError } from '../errors/index.ts';
import type { Param } from '../mysql/index.ts';
import { type AuditAction, auditActions } from './actions.ts';

type ActorKind = 'OPERATOR' | 'CUSTOMER' | 'SERVICE';

/** Who makes a change, and where. */
export type Actor = {
  kind: ActorKind;
  /** OS user, customer id (`sub`) or name of a service. */
  name: string;
  /** Host of the command line, or instance id of the service. Never the address of a customer. */
  origin: string;
  /** 32 hex digits of W3C Trace Context, if the request has one. */
  traceId?: string | null;
};

export type AuditDetails = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | undefined>
>;

export type AuditEntry = {
  action: AuditAction;
  /** The id of the changed subject. Its kind follows from the action. */
  subjectId: string;
  /** Details must not contain personal data or secrets. */
  details?: AuditDetails;
};

/** The part of a session that the writer needs. The command line passes its own connection. */
export type AuditTarget = { write(sql: string, params: readonly Param[]): Promise<unknown> };

const rowsPerStatement = 500;
const detailsBytesMax = 8_000;
const nameCharsMax = 128;
const originCharsMax = 200;
const subjectForm = /^[\x20-\x7e]{1,160}$/;

/**
 * Adds one row per entry to `audit_log`. Call it in the transaction that makes the change, so that both
 * commit or neither. Rejects with the database's error, or INTERNAL for an invalid entry.
 */
export async function recordAudit(
  target: AuditTarget,
  actor: Actor,
  entries: readonly AuditEntry[],
  nowMs: number,
): Promise<void> {
  for (let from = 0; from < entries.length; from += rowsPerStatement) {
    const chunk = entries.slice(from, from + rowsPerStatement);
    await target.write(
      `INSERT INTO audit_log (at_ms, actor_kind, actor, origin, action, subject, details, trace_id)
       VALUES ${chunk.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      chunk.flatMap((entry) => [
        nowMs,
        actor.kind,
        actor.name.slice(0, nameCharsMax),
        actor.origin.slice(0, originCharsMax),
        entry.action,
        auditSubject(entry.action, entry.subjectId),
        detailsText(entry.details ?? {}),
        actor.traceId ?? null,
      ]),
    );
  }
}

/**
 * The stored form of a subject, for example `endpoint:we_…`. Searches use it too. Throws INTERNAL for an id
 * that is not printable ASCII.
 */
export function auditSubject(action: AuditAction, id: string): string {
  const subject = `${auditActions[action].subject}:${id}`;
  if (!subjectForm.test(subject))
    throw appError('INTERNAL', { reason: `the subject of ${action} is not 1 to 160 ASCII characters` });
  return subject;
}

/** JSON text within its limit. Drops members that do not fit, and then sets `cut`. */
function detailsText(details: AuditDetails): string {
  const text = JSON.stringify(details);
  if (Buffer.byteLength(text) <= detailsBytesMax) return text;
  const kept: Record<string, unknown> = { cut: true };
  for (const [name, value] of Object.entries(details)) {
    const next = JSON.stringify({ ...kept, [name]: value });
    if (Buffer.byteLength(next) <= detailsBytesMax) kept[name] = value;
  }
  return JSON.stringify(kept);
}
