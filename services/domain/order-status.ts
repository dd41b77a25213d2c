/**
 * The one table of what may follow what. QUEUED is known to the API only: an order has no row before its place
 * was decided. Every change that is not in the table ends as the typed outcome REFUSED, never as silence.
 */
import type { OrderCommand } from '../../schemas/generated/types.ts';

export const orderStatuses = [
  'QUEUED',
  'REJECTED',
  'PENDING_PAYMENT',
  'PAID',
  'SHIPPED',
  'DELIVERED',
  'CLOSED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
  'RETURNED',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];
export type CommandType = OrderCommand['type'];

/** The commands that this version of the worker decides; a lane that meets another one stops before it. */
const decidedCommands: ReadonlySet<CommandType> = new Set<CommandType>(['PLACE', 'CANCEL']);

type Changes = Readonly<Partial<Record<OrderStatus, OrderStatus>>>;
const changes: Readonly<Partial<Record<CommandType, Changes>>> = {
  CANCEL: { PENDING_PAYMENT: 'CANCELLED' },
};

const releasing: ReadonlySet<OrderStatus> = new Set<OrderStatus>([
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
  'RETURNED',
]);

/** Whether this version decides commands of the type. */
export function isDecided(type: CommandType): boolean {
  return decidedCommands.has(type);
}

/** The status that a command leads to from `status`, or null where the table has no such change. */
export function statusAfter(status: OrderStatus, command: CommandType): OrderStatus | null {
  return changes[command]?.[status] ?? null;
}

/** Whether an order in this status holds or has sold its units of stock. */
export function holdsStock(status: OrderStatus): boolean {
  return status !== 'QUEUED' && !releasing.has(status);
}
