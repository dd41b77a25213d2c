/**
 * Refunds that are open after a restore. The lost database may have called the provider for them. Providers forget keys, so
 * `services/payments` must not take its next call for the first one.
 */
import { nowSql, type Queryable } from '../../../services/shared/mysql/index.ts';

/**
 * Counts a call for each open refund, at the time of its request. Within 20 hours the same key is sent again. Later the
 * provider is asked first.
 */
export async function doubtOpenRefunds(db: Pick<Queryable, 'write'>): Promise<void> {
  await db.write(
    'INSERT INTO refund_attempts (refund_id, next_at_ms, state, tries, first_call_ms, last_call_ms) ' +
      `SELECT refund_id, ${nowSql}, 'OPEN', 1, requested_at_ms, requested_at_ms FROM refunds WHERE open_since_ms IS NOT NULL ` +
      'ON DUPLICATE KEY UPDATE tries = GREATEST(refund_attempts.tries, 1), next_at_ms = VALUES(next_at_ms), ' +
      'first_call_ms = COALESCE(refund_attempts.first_call_ms, VALUES(first_call_ms)), ' +
      'last_call_ms = COALESCE(refund_attempts.last_call_ms, VALUES(last_call_ms))',
  );
}
