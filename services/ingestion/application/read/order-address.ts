import type { LogPosition } from '../common/ticket.ts';

/** An order as a request names it. */
export interface OrderAddress {
  readonly orderId: string;
  /** The caller. */
  readonly customerId: string;
  /** Present if the operation allows operators: whether the caller is one. */
  readonly isOperator?: boolean;
  /** The position from a valid ticket, otherwise null. `otherLog` for a ticket of a deleted log. */
  readonly ticket: LogPosition | 'otherLog' | null;
}
