/** Changes of webhook endpoints, each in one transaction with its row of the audit log. */
import { type AuditAction, type AuditDetails, recordAudit } from '../../../shared/audit/index.ts';
import type { Pool, Queryable, Session } from '../../../shared/mysql/index.ts';
import { type Assignments, updateEndpoint } from './endpoint-update.ts';

/** The owner of a changed endpoint, and the trace. The audit log gets both. */
export interface ChangeOf {
  readonly customerId: string;
  readonly endpointId: string;
  readonly traceId: string | null;
}

/** `changed` runs a statement with its audit row. `alter` does so with an UPDATE of one endpoint. */
export function createAuditedChanges(db: Pool, instanceId: string) {
  const changed = async (
    { customerId, endpointId, traceId }: ChangeOf,
    nowMs: number,
    action: AuditAction,
    details: AuditDetails,
    write: (session: Session) => Promise<{ affectedRows: number }>,
  ): Promise<boolean> =>
    db.transaction(async (session) => {
      const { affectedRows } = await write(session);
      if (affectedRows !== 1) return false;
      const actor = { kind: 'CUSTOMER', name: customerId, origin: instanceId, traceId } as const;
      await recordAudit(session, actor, [{ action, subjectId: endpointId, details }], nowMs);
      return true;
    });

  const alter = async (
    change: ChangeOf,
    nowMs: number,
    action: AuditAction,
    details: AuditDetails,
    assignments: Assignments,
    ifUpdatedAtMs: number | null = null,
  ): Promise<boolean> => {
    const changedAtMs = await nextChangeMs(db, nowMs);
    return changed(change, nowMs, action, details, (session) =>
      updateEndpoint(session, change, assignments, { changedAtMs, ifUpdatedAtMs }),
    );
  };
  return { changed, alter };
}

/**
 * A time later than all changes so far, even if another instance's clock is ahead. Two concurrent changes may get
 * the same time. Readers check such recent changes again.
 */
export async function nextChangeMs(db: Queryable, nowMs: number): Promise<number> {
  const [row] = await db.rows<{ newest: number | null }>(
    'SELECT MAX(updated_at_ms) AS newest FROM webhook_endpoints',
  );
  return Math.max(nowMs, (row?.newest ?? 0) + 1);
}
