/** Payment sessions in MySQL. The first session of an order stays. */
import { AppError } from '../../../shared/errors/index.ts';
import { type Queryable, uuidToBytes } from '../../../shared/mysql/index.ts';

export interface PaymentSession {
  /** Name of the provider. */
  readonly provider: string;
  /** The page on which the customer pays. */
  readonly url: string;
  readonly expiresAtMs: number;
}

interface NewPaymentSession extends PaymentSession {
  readonly orderId: string;
}

export interface SessionStore {
  /** The session of the order, or null. */
  find(orderId: string): Promise<PaymentSession | null>;
  /** Stores the session unless the order has one. Returns the session that the order has then. */
  keep(session: NewPaymentSession, nowMs: number): Promise<PaymentSession>;
}

export function createSessionStore(db: Queryable): SessionStore {
  const find = async (orderId: string): Promise<PaymentSession | null> => {
    const [row] = await db.rows<{ provider: string; url: string; expires_at_ms: number }>(
      'SELECT provider, url, expires_at_ms FROM payment_sessions WHERE order_id = ?',
      [uuidToBytes(orderId)],
    );
    return row === undefined
      ? null
      : { provider: row.provider, url: row.url, expiresAtMs: row.expires_at_ms };
  };
  return {
    find,
    async keep({ orderId, provider, url, expiresAtMs }, nowMs) {
      try {
        await db.write(
          'INSERT INTO payment_sessions (order_id, provider, url, expires_at_ms, created_at_ms) VALUES (?, ?, ?, ?, ?)',
          [uuidToBytes(orderId), provider, url, expiresAtMs, nowMs],
        );
        return { provider, url, expiresAtMs };
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'MYSQL_DUPLICATE_KEY') throw error;
        const kept = await find(orderId);
        if (kept === null) throw error;
        return kept;
      }
    },
  };
}
