/**
 * The webhook endpoints of a customer. Notification reads this table anew when its newest `updated_at_ms` or its row
 * count changes, so every write here raises the former above all others.
 */
import type { Queryable } from '../shared/mysql/index.ts';

/** More receivers than this of one customer's every event are a fan-out of their own. */
export const endpointsPerCustomerMax = 50;

export interface WebhookEndpoint {
  readonly endpointId: string;
  readonly url: string;
  /** null: the usual types. */
  readonly eventTypes: readonly string[] | null;
  readonly isEnabled: boolean;
  readonly disabledReason: string | null;
  /** Until when the secret before this one signs too. */
  readonly previousUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface NewWebhookEndpoint {
  readonly endpointId: string;
  readonly customerId: string;
  readonly url: string;
  readonly eventTypes: readonly string[] | null;
  readonly secret: string;
}

export interface WebhookStore {
  /** Null when the customer has as many as there may be. */
  create(endpoint: NewWebhookEndpoint, nowMs: number): Promise<WebhookEndpoint | null>;
  /** Oldest first. */
  list(customerId: string): Promise<WebhookEndpoint[]>;
  find(customerId: string, endpointId: string): Promise<WebhookEndpoint | null>;
  /** False when the customer has no such endpoint; so below. */
  delete(customerId: string, endpointId: string): Promise<boolean>;
  /** The secret that stood before signs beside the new one until `previousUntilMs`; an older one no longer does. */
  rotate(customerId: string, endpointId: string, secret: Rotation, nowMs: number): Promise<boolean>;
  /** Takes back a disabling. */
  enable(customerId: string, endpointId: string, nowMs: number): Promise<boolean>;
}

export interface Rotation {
  readonly secret: string;
  readonly previousUntilMs: number;
}

interface EndpointRow {
  endpoint_id: string;
  url: string;
  event_types: string | null;
  status: string;
  disabled_reason: string | null;
  previous_until_ms: number | null;
  created_at_ms: number;
  updated_at_ms: number;
}

const columns =
  'endpoint_id, url, event_types, status, disabled_reason, previous_until_ms, created_at_ms, updated_at_ms';

export function createWebhookStore(db: Queryable): WebhookStore {
  return {
    async create({ endpointId, customerId, url, eventTypes, secret }, nowMs) {
      const changedAtMs = await nextChangeMs(db, nowMs);
      const { affectedRows } = await db.write(
        `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, secret, created_at_ms, updated_at_ms)
         SELECT ?, ?, ?, ?, ?, ?, ? FROM DUAL
         WHERE (SELECT COUNT(*) FROM webhook_endpoints WHERE customer_id = ?) < ?`,
        [
          endpointId,
          customerId,
          url,
          eventTypes === null ? null : JSON.stringify(eventTypes),
          secret,
          nowMs,
          changedAtMs,
          customerId,
          endpointsPerCustomerMax,
        ],
      );
      if (affectedRows === 0) return null;
      const fresh = { isEnabled: true, disabledReason: null, previousUntilMs: null };
      return { endpointId, url, eventTypes, ...fresh, createdAtMs: nowMs, updatedAtMs: changedAtMs };
    },
    async list(customerId) {
      const rows = await db.rows<EndpointRow>(
        `SELECT ${columns} FROM webhook_endpoints WHERE customer_id = ? ORDER BY created_at_ms, endpoint_id`,
        [customerId],
      );
      return rows.map(endpointOf);
    },
    async find(customerId, endpointId) {
      const [row] = await db.rows<EndpointRow>(
        `SELECT ${columns} FROM webhook_endpoints WHERE endpoint_id = ? AND customer_id = ?`,
        [endpointId, customerId],
      );
      return row === undefined ? null : endpointOf(row);
    },
    async delete(customerId, endpointId) {
      const { affectedRows } = await db.write(
        'DELETE FROM webhook_endpoints WHERE endpoint_id = ? AND customer_id = ?',
        [endpointId, customerId],
      );
      return affectedRows === 1;
    },
    async rotate(customerId, endpointId, { secret, previousUntilMs }, nowMs) {
      // The assignments run from left to right: previous_secret gets the secret that stands.
      const { affectedRows } = await db.write(
        `UPDATE webhook_endpoints
         SET previous_secret = secret, previous_until_ms = ?, secret = ?, updated_at_ms = GREATEST(updated_at_ms + 1, ?)
         WHERE endpoint_id = ? AND customer_id = ?`,
        [previousUntilMs, secret, await nextChangeMs(db, nowMs), endpointId, customerId],
      );
      return affectedRows === 1;
    },
    async enable(customerId, endpointId, nowMs) {
      const { affectedRows } = await db.write(
        `UPDATE webhook_endpoints
         SET status = 'ENABLED', disabled_reason = NULL, updated_at_ms = GREATEST(updated_at_ms + 1, ?)
         WHERE endpoint_id = ? AND customer_id = ?`,
        [await nextChangeMs(db, nowMs), endpointId, customerId],
      );
      return affectedRows === 1;
    },
  };
}

/**
 * Later than every change so far, also where another instance's clock is ahead. Two changes at once may get the same
 * time; readers look again at changes as young as that.
 */
async function nextChangeMs(db: Queryable, nowMs: number): Promise<number> {
  const [row] = await db.rows<{ newest: number | null }>(
    'SELECT MAX(updated_at_ms) AS newest FROM webhook_endpoints',
  );
  return Math.max(nowMs, (row?.newest ?? 0) + 1);
}

function endpointOf(row: EndpointRow): WebhookEndpoint {
  return {
    endpointId: row.endpoint_id,
    url: row.url,
    eventTypes: row.event_types === null ? null : (JSON.parse(row.event_types) as string[]),
    isEnabled: row.status === 'ENABLED',
    disabledReason: row.disabled_reason,
    previousUntilMs: row.previous_until_ms,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
