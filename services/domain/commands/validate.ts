/**
 * The rules for commands beyond their schema. The API never sends a command that breaks these rules. If another
 * producer sends one, the record becomes a dead letter with this reason.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { isUuid } from '../../shared/ids/index.ts';
import { handlerOf } from './registry.ts';

/** The event contains a copy of the traceparent, so its length is bounded. The W3C form has 55 characters. */
const traceparentLengthMax = 256;

const skuPattern = /^[!-~]{1,64}$/;
const customerPattern = /^[!-~]{1,128}$/;
const commandIdPattern = /^[!-~]{1,128}$/;
const actorPattern = /^[!-~]{1,128}$/;

/** The first rule that a decoded command breaks, as a clause, or null. */
export function commandProblem(command: OrderCommand): string | null {
  if (!commandIdPattern.test(command.commandId)) return 'commandId is not 1-128 visible ASCII characters';
  if (!actorPattern.test(command.actor)) return 'actor is not 1-128 visible ASCII characters';
  if (command.traceparent !== null && command.traceparent.length > traceparentLengthMax) {
    return `traceparent is longer than ${traceparentLengthMax} characters`;
  }
  return subjectProblem(command) ?? handlerOf(command.type)?.problem(command) ?? null;
}

/** The rule that the order id, the customer id or the SKU breaks, or null. */
function subjectProblem(command: OrderCommand): string | null {
  if (command.type === 'ADJUST_STOCK') {
    return skuPattern.test(command.payload.sku) ? null : 'the sku is not 1-64 visible ASCII characters';
  }
  if (command.orderId === null || !isUuid(command.orderId)) return 'orderId is not a lower-case UUID';
  if (command.customerId !== null && !customerPattern.test(command.customerId)) {
    return 'customerId is not 1-128 visible ASCII characters';
  }
  return null;
}
