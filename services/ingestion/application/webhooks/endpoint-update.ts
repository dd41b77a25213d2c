/** The statement that changes a webhook endpoint as its owner asks, and the details for the audit log. */
import type { AuditDetails } from '../../../shared/audit/index.ts';
import type { Param, Session } from '../../../shared/mysql/index.ts';

/**
 * - ENABLED: receives events.
 * - PAUSED: its events are recorded and wait, until it is enabled again.
 * - DISABLED: its events are not recorded.
 */
export const endpointStatuses = ['ENABLED', 'PAUSED', 'DISABLED'] as const;
export type EndpointStatus = (typeof endpointStatuses)[number];

/** An absent member does not change. Null removes the filter or the description. */
export interface EndpointUpdate {
  readonly url?: string;
  readonly eventTypes?: readonly string[] | null;
  readonly description?: string | null;
  readonly status?: EndpointStatus;
}

/** The text in `disabledReason` when the owner disables an endpoint. */
const ownersReason = 'disabled by its owner';

/** Assignments of an UPDATE of `webhook_endpoints`, without `updated_at_ms`, and their parameters. */
export interface Assignments {
  readonly sql: readonly string[];
  readonly params: readonly Param[];
}

export function assignmentsOf(update: EndpointUpdate, nowMs: number): Assignments {
  const sql: string[] = [];
  const params: Param[] = [];
  const set = (column: string, value: Param): void => {
    sql.push(`${column} = ?`);
    params.push(value);
  };
  const { url, eventTypes, description, status } = update;
  if (url !== undefined) set('url', url);
  if (eventTypes !== undefined) set('event_types', eventTypes === null ? null : JSON.stringify(eventTypes));
  if (description !== undefined) set('description', description);
  if (status !== undefined) {
    set('status', status === 'DISABLED' ? 'DISABLED' : 'ENABLED');
    set('disabled_reason', status === 'DISABLED' ? ownersReason : null);
    set('paused_at_ms', status === 'PAUSED' ? nowMs : null);
  }
  return { sql, params };
}

/** Changes no row if `ifUpdatedAtMs` is not null and not the time of the last change. */
export function updateEndpoint(
  session: Session,
  { endpointId, customerId }: { endpointId: string; customerId: string },
  { sql, params }: Assignments,
  { changedAtMs, ifUpdatedAtMs }: { changedAtMs: number; ifUpdatedAtMs: number | null },
): Promise<{ affectedRows: number }> {
  return session.write(
    `UPDATE webhook_endpoints SET ${sql.join(', ')}, updated_at_ms = GREATEST(updated_at_ms + 1, ?)
     WHERE endpoint_id = ? AND customer_id = ? AND (? IS NULL OR updated_at_ms = ?)`,
    [...params, changedAtMs, endpointId, customerId, ifUpdatedAtMs, ifUpdatedAtMs],
  );
}

/** The new values, but only the name of a free text. `shownUrl` is the URL without secrets. */
export function updateDetails(
  { description, ...rest }: EndpointUpdate,
  shownUrl: (url: string) => string,
): AuditDetails {
  const { url, eventTypes, status } = rest;
  return {
    ...(url === undefined ? {} : { url: shownUrl(url) }),
    ...(eventTypes === undefined ? {} : { eventTypes }),
    ...(status === undefined ? {} : { status }),
    ...(description === undefined ? {} : { description: description === null ? 'removed' : 'changed' }),
  };
}
