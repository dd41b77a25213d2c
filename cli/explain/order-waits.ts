/** What a decided order waits for: money, parcels, the end of its return window, and people. */
import type { RowDataPacket } from 'mysql2/promise';
import { amountText } from '../../services/domain/index.ts';
import { unitsText } from '../changes/format.ts';

type Row = Readonly<Record<string, unknown>>;

/** The rows of an order that say what it waits for. */
export interface WaitingOrder {
  /** May be null: refunds of money without an order are open too. */
  readonly order: Row | null;
  readonly items: readonly Row[];
  readonly shipments: readonly Row[];
  readonly payments: readonly Row[];
  readonly refunds: readonly RowDataPacket[];
}

/**
 * One phrase for each thing that the order waits for; empty if it waits for nothing.
 *
 * @param nowMs epoch ms by the clock of the database
 */
export function orderWaits(rows: WaitingOrder, nowMs: number): string[] {
  const open = rows.refunds.filter(({ status }) => status === 'REQUESTED');
  const failed = rows.refunds.filter(
    ({ status, retried }) => status === 'FAILED' && Number(retried ?? 0) === 0,
  );
  return [
    ...paymentWait(rows.order, nowMs),
    ...shipmentWait(rows),
    ...deliveryWait(rows),
    ...closingWait(rows.order, nowMs),
    ...open.map(refundWait),
    ...failed.map(failedRefundWait),
  ];
}

function paymentWait(order: Row | null, nowMs: number): string[] {
  if (order?.['status'] !== 'PENDING_PAYMENT') return [];
  const dueAtMs = timeOf(order['payment_due_at_ms']);
  if (dueAtMs === null) return ['its payment'];
  if (nowMs < dueAtMs) return [`its payment until ${timeText(dueAtMs)}`];
  const timerAtMs = timeOf(order['timer_at_ms']);
  const at = timerAtMs === null ? '' : ` from ${timeText(timerAtMs)} on`;
  return [`its expiry by the scheduler${at}; its deadline was ${timeText(dueAtMs)}`];
}

/** Units of a paid order that have not left. Without a payment they never leave. */
function shipmentWait({ order, items, payments, refunds }: WaitingOrder): string[] {
  if (order?.['status'] !== 'PAID') return [];
  const lines = items.flatMap((item) => {
    const quantity = numberOf(item['quantity']) - numberOf(item['shipped']) - numberOf(item['cancelled']);
    return quantity > 0 ? [{ line: numberOf(item['line_no']), quantity }] : [];
  });
  if (lines.length === 0) return [];
  if (numberOf(order['total']) > 0 && leftOf(payments, refunds) <= 0)
    return [
      'an operator, who must cancel the rest: its payment was refunded, so nothing more can be shipped',
    ];
  return [`the shipment of ${unitsText(lines)}`];
}

/** What is left of the payment that settles the order. */
function leftOf(payments: readonly Row[], refunds: readonly Row[]): number {
  const settling = payments.find((payment) => payment['disposition'] === 'SETTLES');
  if (settling === undefined) return 0;
  const isOfIt = (refund: Row): boolean =>
    refund['provider'] === settling['provider'] &&
    refund['provider_payment_id'] === settling['provider_payment_id'] &&
    refund['status'] !== 'FAILED';
  const back = refunds.filter(isOfIt).reduce((sum, refund) => sum + numberOf(refund['amount']), 0);
  return numberOf(settling['amount']) - numberOf(settling['disputed']) - back;
}

function deliveryWait({ order, shipments }: WaitingOrder): string[] {
  if (order?.['status'] !== 'PAID' && order?.['status'] !== 'SHIPPED') return [];
  return shipments
    .filter((shipment) => shipment['delivered_at_ms'] === null)
    .map((shipment) => {
      const number = shipment['shipment_no'];
      return `the delivery of parcel ${number}, shipped at ${timeText(numberOf(shipment['shipped_at_ms']))}`;
    });
}

function closingWait(order: Row | null, nowMs: number): string[] {
  if (order?.['status'] !== 'DELIVERED') return [];
  const timerAtMs = timeOf(order['timer_at_ms']);
  if (timerAtMs === null) return ['its closing'];
  return nowMs < timerAtMs
    ? [`its closing at ${timeText(timerAtMs)}, when its return window ends`]
    : [`its closing by the scheduler; its return window ended at ${timeText(timerAtMs)}`];
}

function refundWait(refund: RowDataPacket): string {
  const tries = Number(refund['tries'] ?? 0);
  const last = refund['last_reason'] ? `, the last one: ${refund['last_reason']}` : '';
  return `refund ${refund['refund_id']} of ${amountOf(refund)} at provider ${refund['provider']} (${tries} tries${last})`;
}

function failedRefundWait(refund: RowDataPacket): string {
  const { refund_id: id } = refund;
  const why = refund['failure_code'] ?? refund['last_reason'] ?? null;
  const code = why === null ? '' : ` (${why})`;
  return `a person: refund ${id} of ${amountOf(refund)} failed${code}; use \`refunds retry\` or \`refunds settle\``;
}

function amountOf({ amount, currency }: RowDataPacket): string {
  return amountText(Number(amount), currency) ?? `${amount} ${currency}`;
}

function numberOf(value: unknown): number {
  return Number(value ?? 0);
}

function timeOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
