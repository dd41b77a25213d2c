/**
 * The webhook endpoints of a customer. Notification rereads this table when its newest `updated_at_ms` or its
 * row count changes. So every write here raises `updated_at_ms` above all others.
 */
import { createHash } from 'node:crypto';
import { AppError, appError } from '../../../shared/errors/index.ts';
import type { Pool, Session } from '../../../shared/mysql/index.ts';
import { backoff, type RetryOptions, retry } from '../../../shared/retry/index.ts';
import type { SecretBox } from '../../../shared/secrets/index.ts';
import { createOneByOne } from '../limits/one-by-one.ts';
import { type ChangeOf, createAuditedChanges, nextChangeMs } from './audited-changes.ts';
import { assignmentsOf, type EndpointUpdate, updateDetails } from './endpoint-update.ts';

export { newWebhookSecret } from '../../../shared/standard-webhooks/index.ts';

/** A customer that needs more receivers must distribute the events itself. */
export const endpointsPerCustomerMax = 50;

export interface WebhookEndpoint {
  readonly endpointId: string;
  readonly url: string;
  /** Null: the default types. */
  readonly eventTypes: readonly string[] | null;
  /** A text of the owner. */
  readonly description: string | null;
  readonly isEnabled: boolean;
  readonly disabledReason: string | null;
  /** Since when the owner pauses the endpoint; null if it is not paused. */
  readonly pausedAtMs: number | null;
  /** Time until which the previous secret also signs. */
  readonly previousUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

interface NewWebhookEndpoint {
  readonly endpointId: string;
  readonly customerId: string;
  readonly url: string;
  readonly eventTypes: readonly string[] | null;
  readonly description: string | null;
  readonly secret: string;
  readonly traceId: string | null;
}

export interface WebhookStore {
  /** Null if the customer has the maximum number of endpoints. */
  create(endpoint: NewWebhookEndpoint, nowMs: number): Promise<WebhookEndpoint | null>;
  /** Oldest first. */
  list(customerId: string): Promise<WebhookEndpoint[]>;
  find(customerId: string, endpointId: string): Promise<WebhookEndpoint | null>;
  /** False if the customer has no such endpoint. The same holds for the functions below. */
  delete(change: ChangeOf, nowMs: number): Promise<boolean>;
  /** The previous secret also signs until `previousUntilMs`. An older secret no longer signs. */
  rotate(change: ChangeOf, secret: Rotation, nowMs: number): Promise<boolean>;
  /** Enables a disabled or paused endpoint again. */
  enable(change: ChangeOf, nowMs: number): Promise<boolean>;
  /** Also false if `ifUpdatedAtMs` is not null and not the time of the last change. */
  update(
    change: ChangeOf,
    update: EndpointUpdate,
    ifUpdatedAtMs: number | null,
    nowMs: number,
  ): Promise<boolean>;
}

interface Rotation {
  readonly secret: string;
  readonly previousUntilMs: number;
}

interface EndpointRow {
  endpoint_id: string;
  url: string;
  event_types: string | null;
  description: string | null;
  status: string;
  disabled_reason: string | null;
  paused_at_ms: number | null;
  previous_until_ms: number | null;
  created_at_ms: number;
  updated_at_ms: number;
}

const columns =
  'endpoint_id, url, event_types, description, status, disabled_reason, paused_at_ms, previous_until_ms, ' +
  'created_at_ms, updated_at_ms';

export interface WebhookStoreDeps {
  readonly db: Pool;
  /** Encrypts secrets before they are stored. */
  readonly secrets: Pick<SecretBox, 'seal'>;
  /** The source of a change in the audit log. */
  readonly instanceId: string;
}

/** Every change and its audit row are one transaction. */
export function createWebhookStore({ db, secrets, instanceId }: WebhookStoreDeps): WebhookStore {
  const { changed, alter } = createAuditedChanges(db, instanceId);
  const create = async (endpoint: NewWebhookEndpoint, nowMs: number): Promise<number | null> => {
    const { url, eventTypes } = endpoint;
    const changedAtMs = await nextChangeMs(db, nowMs);
    const details = { url: withoutSecrets(url), eventTypes };
    const sealed = { ...endpoint, secret: secrets.seal(endpoint.secret, endpoint) };
    const made = await changed(endpoint, nowMs, 'endpoint.created', details, (session) =>
      underCustomerLock(session, endpoint.customerId, () =>
        insertEndpoint(session, sealed, nowMs, changedAtMs),
      ),
    );
    return made ? changedAtMs : null;
  };
  const oneByOne = createOneByOne();

  return {
    async create(endpoint, nowMs) {
      const { customerId, endpointId, url, eventTypes, description } = endpoint;
      const changedAtMs = await oneByOne(customerId, () =>
        retry(() => create(endpoint, nowMs), createRetries),
      );
      if (changedAtMs === null) return null;
      const fresh = { isEnabled: true, disabledReason: null, pausedAtMs: null, previousUntilMs: null };
      return {
        endpointId,
        url,
        eventTypes,
        description,
        ...fresh,
        createdAtMs: nowMs,
        updatedAtMs: changedAtMs,
      };
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
    delete: (change, nowMs) =>
      changed(change, nowMs, 'endpoint.deleted', {}, (session) =>
        session.write('DELETE FROM webhook_endpoints WHERE endpoint_id = ? AND customer_id = ?', [
          change.endpointId,
          change.customerId,
        ]),
      ),
    rotate: (change, { secret, previousUntilMs }, nowMs) =>
      alter(
        change,
        nowMs,
        'secret.rotated',
        { previousUntilMs },
        {
          // The database runs the assignments from left to right, so previous_secret gets the old secret.
          sql: ['previous_secret = secret', 'previous_until_ms = ?', 'secret = ?'],
          params: [previousUntilMs, secrets.seal(secret, change)],
        },
      ),
    enable: (change, nowMs) =>
      alter(change, nowMs, 'endpoint.enabled', {}, assignmentsOf({ status: 'ENABLED' }, nowMs)),
    update: (change, update, ifUpdatedAtMs, nowMs) =>
      alter(
        change,
        nowMs,
        'endpoint.updated',
        updateDetails(update, withoutSecrets),
        assignmentsOf(update, nowMs),
        ifUpdatedAtMs,
      ),
  };
}

/** Longer than an insert takes on a busy server. */
const lockSeconds = 5;
/** Length of a lock name in hexadecimal digits: 128 bits of the hash. */
const lockHashLength = 32;

const createRetries: RetryOptions = {
  attempts: 5,
  backoff: backoff({ initialMs: 20, maxMs: 200 }),
  shouldRetry: (error) => error instanceof AppError && error.code === 'MYSQL_DEADLOCK',
};

/**
 * Two instances that insert for one customer would wait for each other's row when they count: a deadlock each time.
 * The named lock ends before COMMIT; from then on this transaction waits for no other row.
 */
async function underCustomerLock<T>(session: Session, customerId: string, run: () => Promise<T>): Promise<T> {
  const name = `webhooks.${createHash('sha256').update(customerId).digest('hex').slice(0, lockHashLength)}`;
  const [row] = await session.rows<{ got: number | null }>(
    'SELECT GET_LOCK(LEFT(CONCAT(?, DATABASE()), 64), ?) AS got',
    [`${name}.`, lockSeconds],
  );
  if (row?.got !== 1)
    throw appError('MYSQL_LOCK_TIMEOUT', { reason: 'another instance creates an endpoint' });
  try {
    return await run();
  } finally {
    // The lock of a closed session has already ended.
    if (session.alive)
      await session.rows('SELECT RELEASE_LOCK(LEFT(CONCAT(?, DATABASE()), 64)) AS released', [`${name}.`]);
  }
}

/**
 * Inserts the row first, then counts under lock. So it waits for a concurrent insert and counts it too. A count
 * before the insert would allow both inserts.
 */
async function insertEndpoint(
  session: Session,
  { endpointId, customerId, url, eventTypes, description, secret }: NewWebhookEndpoint,
  nowMs: number,
  changedAtMs: number,
): Promise<{ affectedRows: number }> {
  const types = eventTypes === null ? null : JSON.stringify(eventTypes);
  const inserted = await session.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, description, secret, created_at_ms,
       updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [endpointId, customerId, url, types, description, secret, nowMs, changedAtMs],
  );
  const own = await session.rows(
    'SELECT endpoint_id FROM webhook_endpoints WHERE customer_id = ? FOR UPDATE',
    [customerId],
  );
  if (own.length <= endpointsPerCustomerMax) return inserted;
  await session.write('DELETE FROM webhook_endpoints WHERE endpoint_id = ?', [endpointId]);
  return { affectedRows: 0 };
}

/** Receivers put tokens into the query, so the audit log has the URL without the query. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function endpointOf(row: EndpointRow): WebhookEndpoint {
  return {
    endpointId: row.endpoint_id,
    url: row.url,
    eventTypes: row.event_types === null ? null : (JSON.parse(row.event_types) as string[]),
    description: row.description,
    isEnabled: row.status === 'ENABLED',
    disabledReason: row.disabled_reason,
    pausedAtMs: row.paused_at_ms,
    previousUntilMs: row.previous_until_ms,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
