/**
 * The deliveries table as a queue that several senders share.
 *
 *   PENDING and due ──lease──► PENDING, leased_until_ms = due_at_ms ──settle──► DELIVERED, FAILED or DROPPED
 *          ▲                                 │                                    or PENDING with its next due time
 *          └──────── the lease expires ──────┘
 *
 * If a sender dies, its lease expires and the delivery is due again. So a receiver may get a message twice,
 * with the same id. A settle names its lease, so a late settle changes nothing.
 */
import { recordAudit } from '../../shared/audit/index.ts';
import { type Pool, placeholders, type Session } from '../../shared/mysql/index.ts';
import { emailEndpoint } from '../deliveries.ts';
import type { Verdict } from './attempt.ts';
import {
  findDue,
  type Lease,
  type Leased,
  type LeaseRequest,
  leaseRows,
  receiversWithMore,
} from './delivery-lease.ts';

/** Maximum rows per statement when the rows of a disabled or deleted endpoint leave the queue. */
const shelveRowsMax = 2_000;

export type { Leased, LeaseRequest } from './delivery-lease.ts';

interface DueReceiver {
  endpointId: string;
  oldestDueAtMs: number;
}

export interface Settlement {
  leased: Leased;
  verdict: Verdict;
}

export interface DeliveryQueue {
  /**
   * Reads which receivers have due rows, and since when. A paused endpoint is no receiver. One call covers a page
   * of endpoints after `after`, and the e-mail channel. `next` is the `after` of the next page; null after the last page.
   */
  dueReceivers(
    nowMs: number,
    after: string,
    endpointsMax: number,
  ): Promise<{ due: DueReceiver[]; next: string | null }>;
  /** Receivers after `after` that have a row, whether or not their endpoints exist. */
  receivers(after: string, receiversMax: number): Promise<string[]>;
  /** Leases due deliveries, oldest first and one version of an order at a time, in one transaction. */
  lease(requests: readonly LeaseRequest[], nowMs: number, leaseMs: number): Promise<Lease>;
  /** Writes the results of attempts. */
  settle(settlements: readonly Settlement[], nowMs: number): Promise<void>;
  /** Removes due deliveries of an endpoint that is disabled (HELD) or gone (DROPPED) from the queue. */
  shelve(endpointId: string, status: 'HELD' | 'DROPPED', nowMs: number): Promise<number>;
  /** Disables an endpoint. Returns false if it is not enabled or does not exist. */
  disableEndpoint(endpointId: string, reason: string, nowMs: number): Promise<boolean>;
}

/** `instanceId` is the origin of a change in the audit log. */
export function createDeliveryQueue(pool: Pool, instanceId: string): DeliveryQueue {
  return {
    async dueReceivers(nowMs, after, endpointsMax) {
      // This query makes one lookup in the due index per endpoint. A GROUP BY may read the whole index, with
      // all delivered rows.
      const rows = await pool.rows<{ endpoint_id: string; oldest: number | null }>(
        `SELECT e.endpoint_id, (SELECT MIN(d.due_at_ms) FROM notification_deliveries d
                                WHERE d.endpoint_id = e.endpoint_id AND d.status = 'PENDING') AS oldest
         FROM (SELECT endpoint_id FROM webhook_endpoints
               WHERE endpoint_id > ? AND (paused_at_ms IS NULL OR status <> 'ENABLED')
               ORDER BY endpoint_id LIMIT ?) e
         UNION ALL
         SELECT '${emailEndpoint}', (SELECT MIN(due_at_ms) FROM notification_deliveries
                                     WHERE endpoint_id = '${emailEndpoint}' AND status = 'PENDING')`,
        [after, endpointsMax],
      );
      const due = rows.flatMap(({ endpoint_id: endpointId, oldest: oldestDueAtMs }) =>
        oldestDueAtMs !== null && oldestDueAtMs <= nowMs ? [{ endpointId, oldestDueAtMs }] : [],
      );
      const endpoints = rows.map((row) => row.endpoint_id).filter((id) => id !== emailEndpoint);
      const next = endpoints.length < endpointsMax ? null : endpoints.toSorted().at(-1)!;
      return { due, next };
    },

    async receivers(after, receiversMax) {
      const ids: string[] = [];
      while (ids.length < receiversMax) {
        // The loop goes from id to id in the index. A receiver costs one lookup, however many rows it has.
        const [row] = await pool.rows<{ next: string | null }>(
          'SELECT MIN(endpoint_id) AS next FROM notification_deliveries WHERE endpoint_id > ?',
          [ids.at(-1) ?? after],
        );
        if (row === undefined || row.next === null) break;
        ids.push(row.next);
      }
      return ids;
    },

    async lease(requests, nowMs, leaseMs) {
      const due = await findDue(pool, requests, nowMs);
      if (due.length === 0) return { leased: [], more: new Set() };
      const { leased, seen } = await pool.transaction((session) =>
        leaseRows(session, due, nowMs, nowMs + leaseMs),
      );
      return { leased, more: receiversWithMore(requests, due, seen) };
    },

    async settle(settlements, nowMs) {
      if (settlements.length === 0) return;
      const delivered = settlements.filter(({ verdict }) => verdict.status === 'DELIVERED');
      const byAnswer = Map.groupBy(delivered, ({ verdict }) => verdict.lastStatus);
      await pool.transaction(async (session) => {
        for (const [lastStatus, group] of byAnswer) await settleDelivered(session, lastStatus, group, nowMs);
        for (const settlement of settlements) {
          if (settlement.verdict.status !== 'DELIVERED') await settleOther(session, settlement);
        }
      });
    },

    async shelve(endpointId, status, nowMs) {
      const { affectedRows } = await pool.write(
        `UPDATE notification_deliveries SET status = ?
         WHERE endpoint_id = ? AND status = 'PENDING' AND due_at_ms <= ? LIMIT ?`,
        [status, endpointId, nowMs, shelveRowsMax],
      );
      return affectedRows;
    },

    disableEndpoint: (endpointId, reason, nowMs) =>
      pool.transaction(async (session) => {
        const { affectedRows } = await session.write(
          `UPDATE webhook_endpoints SET status = 'DISABLED', disabled_reason = ?, updated_at_ms = ?
           WHERE endpoint_id = ? AND status = 'ENABLED'`,
          [reason, nowMs, endpointId],
        );
        if (affectedRows !== 1) return false;
        const actor = { kind: 'SERVICE', name: 'notification', origin: instanceId } as const;
        const entry = { action: 'endpoint.disabled', subjectId: endpointId, details: { reason } } as const;
        await recordAudit(session, actor, [entry], nowMs);
        return true;
      }),
  };
}

async function settleDelivered(
  session: Session,
  lastStatus: number | null,
  group: readonly Settlement[],
  nowMs: number,
): Promise<void> {
  await session.write(
    `UPDATE notification_deliveries
     SET status = 'DELIVERED', attempts = attempts + 1, last_status = ?, last_error = NULL,
         delivered_at_ms = ?, leased_until_ms = 0
     WHERE delivery_id IN (${placeholders(group)}) AND (delivery_id, leased_until_ms) IN (${group.map(() => '(?, ?)').join(', ')})`,
    [
      lastStatus,
      nowMs,
      ...group.map(({ leased }) => leased.deliveryId),
      ...group.flatMap(({ leased }) => [leased.deliveryId, leased.leasedUntilMs]),
    ],
  );
}

/** A postponed row keeps the status and error of the previous attempt. */
async function settleOther(session: Session, { leased, verdict }: Settlement): Promise<void> {
  await session.write(
    `UPDATE notification_deliveries
     SET status = ?, attempts = attempts + ?, last_status = IF(?, ?, last_status), last_error = IF(?, ?, last_error),
         due_at_ms = ?, leased_until_ms = 0
     WHERE delivery_id = ? AND leased_until_ms = ?`,
    [
      verdict.status,
      verdict.counts ? 1 : 0,
      verdict.counts,
      verdict.lastStatus,
      verdict.counts,
      verdict.lastError,
      verdict.dueAtMs,
      leased.deliveryId,
      leased.leasedUntilMs,
    ],
  );
}
