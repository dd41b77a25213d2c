/**
 * Kinds of timers. An order has at most one timer, and its status says which kind. A new kind is one more row of
 * `timerKinds`.
 */
import { hash } from 'node:crypto';
import type { CloseCommand, ExpireCommand } from '../../../schemas/index.ts';

export interface DueOrder {
  readonly orderKey: number;
  readonly orderId: string;
  readonly status: string;
  /** Epoch ms, like the next one. */
  readonly timerAtMs: number;
  readonly paymentDueAtMs: number | null;
}

/** A command that a timer causes. */
export type TimerCommand = (ExpireCommand | CloseCommand) & { orderId: string };

interface TimerKind {
  /** Orders of this status have this kind of timer. */
  readonly status: string;
  requestOf(
    order: DueOrder,
  ): Pick<ExpireCommand, 'type' | 'payload'> | Pick<CloseCommand, 'type' | 'payload'>;
}

const timerKinds: readonly TimerKind[] = [
  {
    status: 'PENDING_PAYMENT',
    // The worker refuses a deadline that the order does not have.
    requestOf: ({ paymentDueAtMs }) => ({ type: 'EXPIRE', payload: { dueAt: paymentDueAtMs ?? 0 } }),
  },
  { status: 'DELIVERED', requestOf: () => ({ type: 'CLOSE', payload: {} }) },
];

/** Statuses of orders that have a timer. */
export const timedStatuses: readonly string[] = timerKinds.map(({ status }) => status);

const minuteMs = 60_000;

/** Whole minutes since the order became due. */
export function minuteSinceDue({ timerAtMs }: Pick<DueOrder, 'timerAtMs'>, nowMs: number): number {
  return Math.floor((nowMs - timerAtMs) / minuteMs);
}

/**
 * The command for an order that is due. Within one minute since the order became due it has the same id. A command that
 * was lost or refused comes again in a later minute, under a new id.
 *
 * @param nowMs epoch ms by the clock of the database
 * @throws RangeError for a status without a timer
 */
export function timerCommand(order: DueOrder, nowMs: number): TimerCommand {
  const kind = timerKinds.find(({ status }) => status === order.status);
  if (kind === undefined) throw new RangeError(`orders with the status ${order.status} have no timer`);
  const request = kind.requestOf(order);
  const { type, payload } = request;
  const named = [order.orderId, type, order.timerAtMs, minuteSinceDue(order, nowMs)].join('\0');
  return {
    commandId: `${type.toLowerCase()}:${hash('sha256', named, 'hex').slice(0, 32)}`,
    orderId: order.orderId,
    customerId: null,
    actor: 'scheduler',
    idempotencyKey: null,
    fingerprint: hash('sha256', JSON.stringify(payload), 'buffer'),
    issuedAt: nowMs,
    traceparent: null,
    sealed: null,
    ...request,
  };
}
