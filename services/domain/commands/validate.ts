/**
 * What a command must fulfil beyond its schema. Our API never sends a command that does not; the mistake of another
 * producer becomes a dead letter with these words.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { handlerOf } from './registry.ts';

/** A traceparent is copied into the event, so its length is bounded. The W3C form has 55 characters. */
const traceparentLengthMax = 256;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const skuPattern = /^[!-~]{1,64}$/;
const customerPattern = /^[!-~]{1,128}$/;
const commandIdPattern = /^[!-~]{1,128}$/;
const actorPattern = /^[!-~]{1,128}$/;

/** The first thing that is wrong with a decoded command, in words, or null. */
export function commandProblem(command: OrderCommand): string | null {
  if (!commandIdPattern.test(command.commandId)) return 'commandId is not 1-128 visible ASCII characters';
  if (!actorPattern.test(command.actor)) return 'actor is not 1-128 visible ASCII characters';
  if (command.traceparent !== null && command.traceparent.length > traceparentLengthMax) {
    return `traceparent is longer than ${traceparentLengthMax} characters`;
  }
  return subjectProblem(command) ?? handlerOf(command.type)?.problem(command) ?? null;
}

/** What is wrong with the order or the SKU that the command is about. */
function subjectProblem(command: OrderCommand): string | null {
  if (command.type === 'ADJUST_STOCK') {
    return skuPattern.test(command.payload.sku) ? null : 'the sku is not 1-64 visible ASCII characters';
  }
  if (command.orderId === null || !uuidPattern.test(command.orderId))
    return 'orderId is not a lower-case UUID';
  if (command.customerId !== null && !customerPattern.test(command.customerId)) {
    return 'customerId is not 1-128 visible ASCII characters';
  }
  return null;
}
