/** When orders change by themselves. */

/** How long after its deadline an unpaid order expires: payments that arrive in this time still count. */
export const expiryGraceMs = 60_000;

/** When the order is due for its timer, epoch ms; null if it has none. */
export function timerAtMs(order: {
  readonly status: string;
  readonly paymentDueAtMs: number | null;
  readonly closeAtMs?: number | null;
}): number | null {
  const { status, paymentDueAtMs, closeAtMs = null } = order;
  if (status === 'DELIVERED') return closeAtMs;
  return status === 'PENDING_PAYMENT' && paymentDueAtMs !== null ? paymentDueAtMs + expiryGraceMs : null;
}

/**
 * When a new order is due for its timer, epoch ms; null if it has none. An order whose payment window is short has a
 * short grace: at most as long as the window.
 */
export function firstTimerAtMs(
  order: { readonly status: string; readonly paymentDueAtMs: number | null },
  placedAtMs: number,
): number | null {
  const { status, paymentDueAtMs } = order;
  if (status !== 'PENDING_PAYMENT' || paymentDueAtMs === null) return null;
  return paymentDueAtMs + Math.min(expiryGraceMs, paymentDueAtMs - placedAtMs);
}
