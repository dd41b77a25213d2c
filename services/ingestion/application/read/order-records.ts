/** Reads the payments, refunds, shipments and returns of one order, page by page. */
import type { LineUnits, ReturnLine } from '../../../../schemas/index.ts';
import { bytesToUuid, type Queryable, uuidToBytes } from '../../../shared/mysql/index.ts';

export interface PaymentRow {
  readonly number: number;
  readonly paymentId: string;
  readonly provider: string;
  readonly providerPaymentId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly disposition: string;
  readonly receivedAtMs: number;
}

export interface RefundRow {
  readonly number: number;
  readonly refundId: string;
  readonly paymentId: string;
  /** `manual` if an operator has recorded the result. */
  readonly provider: string;
  readonly providerRefundId: string | null;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  readonly reason: string;
  readonly retryOf: string | null;
  /** Whether a later refund repeats this one. */
  readonly isRetried: boolean;
  readonly lines: readonly LineUnits[];
  readonly withShipping: boolean;
  readonly failureCode: string | null;
  readonly requestedAtMs: number;
  readonly settledAtMs: number | null;
}

export interface ShipmentRow {
  readonly number: number;
  readonly lines: readonly LineUnits[];
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly shippedAtMs: number;
  readonly deliveredAtMs: number | null;
}

export interface ReturnRow {
  readonly number: number;
  readonly lines: readonly ReturnLine[];
  readonly refundId: string | null;
  readonly returnedAtMs: number;
}

export interface RecordsQuery {
  readonly orderId: string;
  /** Number of the last record of the previous page; 0 for the first page. */
  readonly after: number;
  readonly limit: number;
}

/** Each function returns the records with the next numbers, in their order. Rejects if MySQL is unavailable. */
export interface OrderRecords {
  payments(query: RecordsQuery): Promise<PaymentRow[]>;
  refunds(query: RecordsQuery): Promise<RefundRow[]>;
  shipments(query: RecordsQuery): Promise<ShipmentRow[]>;
  returns(query: RecordsQuery): Promise<ReturnRow[]>;
}

export interface RefundLookup {
  /** Whether the order has a refund with this id. Rejects if MySQL is unavailable. */
  hasRefund(orderId: string, refundId: string): Promise<boolean>;
}

/** A row as the driver returns it: with binary ids, lists as JSON, and flags as 0 or 1. */
type Stored<T> = {
  [Name in keyof T]: Name extends 'paymentId' | 'refundId' | 'retryOf'
    ? Buffer | Extract<T[Name], null>
    : Name extends 'lines'
      ? string | null
      : T[Name] extends boolean
        ? number
        : T[Name];
};

export function createOrderRecords(db: Queryable): OrderRecords & RefundLookup {
  const page = <T extends object>(sql: string, { orderId, after, limit }: RecordsQuery): Promise<T[]> =>
    db.rows<T>(`${sql} LIMIT ${limit}`, [uuidToBytes(orderId), after]);
  return {
    async hasRefund(orderId, refundId) {
      const rows = await db.rows('SELECT 1 FROM refunds WHERE refund_id = ? AND order_id = ?', [
        uuidToBytes(refundId),
        uuidToBytes(orderId),
      ]);
      return rows.length > 0;
    },
    async payments(query) {
      const rows = await page<Stored<PaymentRow>>(
        'SELECT p.payment_no AS number, p.payment_id AS paymentId, p.provider, p.provider_payment_id AS providerPaymentId, ' +
          'p.amount, p.currency, p.disposition, p.received_at_ms AS receivedAtMs ' +
          'FROM orders o JOIN payments p ON p.order_key = o.order_key ' +
          'WHERE o.order_id = ? AND p.payment_no > ? ORDER BY p.payment_no',
        query,
      );
      return rows.map((row) => ({ ...row, paymentId: bytesToUuid(row.paymentId) }));
    },
    async refunds(query) {
      const rows = await page<Stored<RefundRow>>(
        'SELECT r.refund_no AS number, r.refund_id AS refundId, r.payment_id AS paymentId, ' +
          'COALESCE(r.result_provider, r.provider) AS provider, r.provider_refund_id AS providerRefundId, r.amount, ' +
          'r.currency, r.status, r.reason, r.retry_of AS retryOf, r.retried AS isRetried, r.line_units AS `lines`, ' +
          'r.shipping AS withShipping, r.failure_code AS failureCode, r.requested_at_ms AS requestedAtMs, ' +
          'r.settled_at_ms AS settledAtMs FROM orders o JOIN refunds r ON r.order_key = o.order_key ' +
          'WHERE o.order_id = ? AND r.refund_no > ? ORDER BY r.refund_no',
        query,
      );
      return rows.map((row) => ({
        ...row,
        refundId: bytesToUuid(row.refundId),
        paymentId: bytesToUuid(row.paymentId),
        retryOf: idOrNull(row.retryOf),
        isRetried: row.isRetried === 1,
        withShipping: row.withShipping === 1,
        lines: linesOf<LineUnits>(row.lines),
      }));
    },
    async shipments(query) {
      const rows = await page<Stored<ShipmentRow>>(
        'SELECT s.shipment_no AS number, s.line_units AS `lines`, s.carrier, s.tracking_number AS trackingNumber, ' +
          's.shipped_at_ms AS shippedAtMs, s.delivered_at_ms AS deliveredAtMs ' +
          'FROM orders o JOIN shipments s ON s.order_key = o.order_key ' +
          'WHERE o.order_id = ? AND s.shipment_no > ? ORDER BY s.shipment_no',
        query,
      );
      return rows.map((row) => ({ ...row, lines: linesOf<LineUnits>(row.lines) }));
    },
    async returns(query) {
      const rows = await page<Stored<ReturnRow>>(
        'SELECT r.return_no AS number, r.line_units AS `lines`, r.refund_id AS refundId, r.returned_at_ms AS returnedAtMs ' +
          'FROM orders o JOIN returns r ON r.order_key = o.order_key ' +
          'WHERE o.order_id = ? AND r.return_no > ? ORDER BY r.return_no',
        query,
      );
      return rows.map((row) => ({
        ...row,
        refundId: idOrNull(row.refundId),
        lines: linesOf<ReturnLine>(row.lines),
      }));
    },
  };
}

function idOrNull(id: Buffer | null): string | null {
  return id === null ? null : bytesToUuid(id);
}

/** NULL is no line: a refund of an amount. */
function linesOf<T>(text: string | null): readonly T[] {
  return text === null ? [] : (JSON.parse(text) as T[]);
}
