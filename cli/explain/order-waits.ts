/** What a decided order waits for: its payment, its expiry, and the results of its refunds. */
import type { RowDataPacket } from 'mysql2/promise';
import { amountText } from '../../services/domain/index.ts';

/**
 * One phrase for each thing that the order waits for; empty if it waits for nothing. `order` may be null: refunds of
 * money without an order are open too.
 *
 * @param nowMs epoch ms by the clock of the database
 */
export function orderWaits(
  order: Record<string, unknown> | null,
  refunds: readonly RowDataPacket[],
  nowMs: number,
): string[] {
  const open = refunds.filter(({ status }) => status === 'REQUESTED');
  return [...paymentWait(order, nowMs), ...open.map(refundWait)];
}

function paymentWait(order: Record<string, unknown> | null, nowMs: number): string[] {
  if (order?.['status'] !== 'PENDING_PAYMENT') return [];
  const dueAtMs = order['payment_due_at_ms'] === null ? null : Number(order['payment_due_at_ms']);
  if (dueAtMs === null) return ['its payment'];
  if (nowMs < dueAtMs) return [`its payment until ${timeText(dueAtMs)}`];
  const timerAtMs = order['timer_at_ms'] === null ? null : Number(order['timer_at_ms']);
  const at = timerAtMs === null ? '' : ` from ${timeText(timerAtMs)} on`;
  return [`its expiry by the scheduler${at}; its deadline was ${timeText(dueAtMs)}`];
}

function refundWait(refund: RowDataPacket): string {
  const amount =
    amountText(Number(refund['amount']), refund['currency']) ?? `${refund['amount']} ${refund['currency']}`;
  const tries = Number(refund['tries'] ?? 0);
  const last = refund['last_reason'] ? `, the last one: ${refund['last_reason']}` : '';
  return `refund ${refund['refund_id']} of ${amount} at provider ${refund['provider']} (${tries} tries${last})`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
