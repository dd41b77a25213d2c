/** What released schemas do not say of their fields: a released schema never changes, its page may. */
import { EVENTS_SUBJECT, STATE_SUBJECT } from '../../schemas/index.ts';

type Notes = Readonly<Record<string, string>>;

const outcome =
  'ACCEPTED, REJECTED, APPLIED, REFUSED, DUPLICATE, KEY_CONFLICT or DEAD_LETTERED; see the page of all topics.';
const reason = 'Why it was not done; null for ACCEPTED, APPLIED and DUPLICATE.';

/** By subject, then `Record.field`. */
export const fieldNotes: Readonly<Record<string, Notes>> = {
  [EVENTS_SUBJECT]: {
    'OrderEvent.outcome': outcome,
    'OrderEvent.orderId': 'UUID in lower case; null for stock adjustments and unreadable commands.',
    'OrderEvent.customerId': 'The `sub` of the token that placed the order.',
    'OrderEvent.previousStatus': 'Status before an APPLIED change.',
    'OrderEvent.occurredAt': 'When it was decided.',
    'OrderEvent.commandId':
      'Id of the command; a repeated command has the same. Null where it could not be read.',
    'OrderEvent.commandType':
      'Type of the command: PLACE, CANCEL, CONFIRM_PAYMENT, FAIL_PAYMENT, REQUEST_REFUND, RECORD_REFUND, EXPIRE, SHIP, DELIVER, RETURN, CLOSE or ADJUST_STOCK. Null where it could not be read.',
    'OrderEvent.actor':
      'Who sent the command: `customer`, `operator`, `scheduler` or `provider:<name>`. Null where it could not be read.',
    'OrderEvent.sourcePartition': 'Partition of the command; always that of the outcome too.',
    'OrderEvent.sourceOffset': 'Offset of the command.',
    'OrderEvent.reason': reason,
    'OrderEvent.traceparent': 'Trace of the request, as in W3C Trace Context.',
    'OrderEvent.order': 'What was decided for an ACCEPTED order; else null.',
    'OrderEvent.payment': 'The payment that changed the order.',
    'OrderEvent.shipment': 'The shipment that changed the order.',
    'OrderEvent.stock': 'The stock level after an adjustment.',
    'Reason.code':
      'One of the reason codes (docs/reasons.md), or an error code of a dead letter (docs/errors.md).',
    'Reason.message': 'For people; its wording may change.',
    'Reason.seen':
      'What the decision saw, as a JSON object in a text, such as `{"available":3}`. Its members by code are in docs/reasons.md. For operators: take no effect from it.',
    'OrderSnapshot.currency': 'ISO 4217 code.',
    'OrderSnapshot.couponCode': 'The coupon that was used.',
    'OrderSnapshot.priceVersion': 'Version of the catalogue that the prices are from.',
    'OrderSnapshot.paymentDueAt': 'Until when the stock is held for a payment.',
    'PricedLine.name': 'Name of the product when the order was decided.',
    'PaymentChange.status': 'Status of the payment, not of the order.',
    'StockChange.delta': 'Units added (above 0) or taken away (below 0).',
    'StockChange.available': 'Units that can be ordered afterwards.',
  },
  [STATE_SUBJECT]: {
    'OrderState.customerId': 'The `sub` of the token that placed the order.',
    'OrderState.status': 'Null in a position marker.',
    'OrderState.sourcePartition': 'Partition of the outcome; always that of the record too.',
    'OrderState.terms': 'What was decided when the order was accepted.',
    'StateReason.code': 'One of the reason codes (docs/reasons.md).',
    'StateReason.message': 'For people; its wording may change.',
    'OrderTerms.currency': 'ISO 4217 code.',
    'OrderTerms.priceVersion': 'Version of the catalogue that the prices are from.',
  },
};

export function fieldNote(subject: string, record: string, field: string): string {
  return fieldNotes[subject]?.[`${record}.${field}`] ?? '';
}
