/**
 * Every command type that this version decides. To add a type, write its file and list it here. `decide`,
 * `orderstream dlq`, and the stages `decode` and `load` of the worker use this table.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import type { OrderStatus } from '../orders/status.ts';
import { cancel } from './cancel.ts';
import { confirmPayment } from './confirm-payment.ts';
import { expire } from './expire.ts';
import { failPayment } from './fail-payment.ts';
import { adjustStock } from './goods/adjust-stock.ts';
import { close } from './goods/close.ts';
import { deliver } from './goods/deliver.ts';
import { returnGoods } from './goods/return-goods.ts';
import { ship } from './goods/ship.ts';
import type { CommandHandler, CommandOf, CommandType } from './handler.ts';
import { place } from './place.ts';
import { recordRefund } from './record-refund.ts';
import { requestRefundOf } from './request-refund.ts';
import { retryRefund } from './retry-refund.ts';

const handlers = {
  PLACE: place,
  CANCEL: cancel,
  CONFIRM_PAYMENT: confirmPayment,
  FAIL_PAYMENT: failPayment,
  EXPIRE: expire,
  RECORD_REFUND: recordRefund,
  RETRY_REFUND: retryRefund,
  SHIP: ship,
  DELIVER: deliver,
  RETURN: returnGoods,
  CLOSE: close,
  REQUEST_REFUND: requestRefundOf,
  ADJUST_STOCK: adjustStock,
} satisfies { readonly [T in CommandType]?: CommandHandler<CommandOf<T>> };

/**
 * Types of the schema that this version does not decide. A lane waits before such a command until a newer worker
 * decides it.
 */
export const notYetDecided = ['RECORD_DISPUTE'] as const satisfies readonly Exclude<
  CommandType,
  keyof typeof handlers
>[];

/** The types with a handler. */
export const decidedTypes = Object.keys(handlers) as readonly (keyof typeof handlers)[];

/** The handler of a command type, or undefined if this version does not decide the type. */
export function handlerOf(type: CommandType): CommandHandler | undefined {
  // This cast is sound: the table pairs each type with its handler, and callers pass a command of that type.
  return (handlers as Partial<Record<CommandType, unknown>>)[type] as CommandHandler | undefined;
}

/** Whether a command of the type changes an order in this status. */
export function canChange(type: CommandType, status: OrderStatus): boolean {
  return handlerOf(type)?.transitions[status] !== undefined;
}

/** Whether this version decides commands of the type. */
export function isDecided(type: OrderCommand['type']): boolean {
  return handlerOf(type) !== undefined;
}
