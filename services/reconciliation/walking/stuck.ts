/** (h) Finds orders that stay in a status for too long, and timers without effect. */
import type { OrderCommand } from '../../../schemas/index.ts';
import type { OrderStatus } from '../../domain/index.ts';
import { bytesToUuid } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { OrderRow } from './rows.ts';

type CommandType = OrderCommand['type'];

/** How long orders may keep a status, and how long timers may be due. */
export interface StuckLimits {
  pendingGraceMs: number;
  paidMaxMs: number;
  shippedMaxMs: number;
  deliveredMaxMs: number;
  timerMaxMs: number;
}

export interface StuckRules {
  nowMs: number;
  limits: StuckLimits;
  /** Whether the workers decide this command. An order that no decided command moves on does not count as stuck. */
  isDecided(type: CommandType): boolean;
}

/** The command that an order in this status waits for, and the limit of the wait. */
const nextCommands = {
  PAID: { type: 'SHIP', limit: 'paidMaxMs' },
  SHIPPED: { type: 'DELIVER', limit: 'shippedMaxMs' },
  DELIVERED: { type: 'CLOSE', limit: 'deliveredMaxMs' },
} as const satisfies Partial<Record<OrderStatus, { type: CommandType; limit: keyof StuckLimits }>>;

/** The command that the timer of an order in this status causes. In other statuses, a timer has no meaning. */
const timerCommands: Partial<Record<OrderStatus, CommandType>> = {
  PENDING_PAYMENT: 'EXPIRE',
  DELIVERED: 'CLOSE',
};

/** Null if the order may still be in its status. An order has at most one of the two findings. */
export function findStuck(order: OrderRow, rules: StuckRules): Difference | null {
  const { nowMs, limits, isDecided } = rules;
  const command = timerCommands[order.status];
  const timerAtMs = command !== undefined && isDecided(command) ? order.timer_at_ms : null;
  if (timerAtMs !== null && timerAtMs <= nowMs)
    return timerAtMs < nowMs - limits.timerMaxMs ? lateTimer(order, command!, timerAtMs) : null;
  return isStuck(order, rules) ? stuckDifference(order) : null;
}

function isStuck(
  { status, payment_due_at_ms: dueAtMs, updated_at_ms: updatedAtMs }: OrderRow,
  { nowMs, limits, isDecided }: StuckRules,
): boolean {
  switch (status) {
    case 'PENDING_PAYMENT':
      return isDecided('EXPIRE') && dueAtMs !== null && dueAtMs < nowMs - limits.pendingGraceMs;
    case 'PAID':
    case 'SHIPPED':
    case 'DELIVERED': {
      const { type, limit } = nextCommands[status];
      return isDecided(type) && updatedAtMs < nowMs - limits[limit];
    }
    default:
      return false;
  }
}

function stuckDifference({ order_id, status, updated_at_ms: since }: OrderRow): Difference {
  return {
    kind: 'ORDER_STUCK',
    subject: bytesToUuid(order_id),
    expected: 'the next state',
    actual: JSON.stringify({ status, since: new Date(since).toISOString() }),
  };
}

function lateTimer({ order_id, status }: OrderRow, command: CommandType, dueAtMs: number): Difference {
  return {
    kind: 'TIMER_LATE',
    subject: bytesToUuid(order_id),
    expected: `${command} is decided`,
    actual: JSON.stringify({ status, due: new Date(dueAtMs).toISOString() }),
  };
}
