/** Texts for the pages of schemas. A released schema never changes, but the text of its page may change. */
import { COMMANDS_SUBJECT, EVENTS_SUBJECT, STATE_SUBJECT } from '../../schemas/index.ts';

type Notes = Readonly<Record<string, string>>;

const outcome =
  'ACCEPTED, REJECTED, APPLIED, REFUSED, DUPLICATE, KEY_CONFLICT or DEAD_LETTERED; see the page of all topics.';
const reason = 'Why the command had no effect; null for ACCEPTED, APPLIED and DUPLICATE.';

/** By subject, then `Record.field`. */
const fieldNotes: Readonly<Record<string, Notes>> = {
  [EVENTS_SUBJECT]: {
    'OrderEvent.outcome': outcome,
    'OrderEvent.orderId': 'UUID in lower case; null for stock adjustments and unreadable commands.',
    'OrderEvent.customerId': 'The `sub` of the token that placed the order.',
    'OrderEvent.previousStatus': 'Status before an APPLIED change.',
    'OrderEvent.occurredAt': 'Time of the decision.',
    'OrderEvent.commandId':
      'Id of the command. A repeated command has the same id. Null if the command could not be read.',
    'OrderEvent.commandType':
      'Type of the command: PLACE, CANCEL, CONFIRM_PAYMENT, FAIL_PAYMENT, REQUEST_REFUND, RECORD_REFUND, EXPIRE, SHIP, DELIVER, RETURN, CLOSE, ADJUST_STOCK, RETRY_REFUND or RECORD_DISPUTE. Null if it could not be read.',
    'OrderEvent.actor':
      'The sender of the command: `customer`, `operator`, `scheduler` or `provider:<name>`. Null if the command could not be read.',
    'OrderEvent.sourcePartition': 'Partition of the command; always equal to the partition of the outcome.',
    'OrderEvent.sourceOffset': 'Offset of the command.',
    'OrderEvent.reason': reason,
    'OrderEvent.traceparent': 'Trace of the request, as in W3C Trace Context.',
    'OrderEvent.order': 'The prices and terms of an ACCEPTED order; otherwise null.',
    'OrderEvent.payment': 'The payment that changed the order.',
    'OrderEvent.shipment': 'The shipment that changed the order.',
    'OrderEvent.stock': 'The stock level after an adjustment.',
    'Reason.code':
      'One of the reason codes (docs/reasons.md), or an error code of a dead letter (docs/errors.md).',
    'Reason.message': 'Text for people. The text may change.',
    'Reason.seen':
      'The values that the decision used, as a JSON object in a text, such as `{"available":3}`. docs/reasons.md lists its members by code. Only operators may rely on this field.',
    'OrderSnapshot.currency': 'ISO 4217 code.',
    'OrderSnapshot.couponCode': 'The coupon that was used.',
    'OrderSnapshot.priceVersion': 'Version of the catalogue with these prices.',
    'OrderSnapshot.paymentDueAt': 'Until this time the stock is reserved for a payment.',
    'PricedLine.name': 'Name of the product when the order was decided.',
    'PaymentChange.status': 'Status of the payment, not of the order.',
    'OrderEvent.refund': 'The refund that was requested, or whose result is known.',
    'OrderEvent.return': 'The goods that came back.',
    'OrderEvent.cancelled': 'The units that were cancelled, if the rest of the order remains.',
    'OrderEvent.dispute': 'The dispute that changed the order.',
    'OrderSnapshot.shippingMethod': 'The shipping method that the customer chose.',
    'PaymentChange.paymentId': 'Our id of the payment; one provider payment always has the same id.',
    'PaymentChange.providerPaymentId': 'The id of the payment at the provider.',
    'PaymentChange.disposition':
      'What the payment is for the order. SETTLES pays it. MISMATCH has a wrong amount or currency. SURPLUS and LATE came when the order needed no payment. UNMATCHED has no order. All but SETTLES are refunded.',
    'RefundChange.refundId': 'UUID in lower case.',
    'RefundChange.paymentId': 'The payment that is refunded.',
    'RefundChange.lines': 'The units that are refunded; empty if the refund is of an amount.',
    'RefundChange.provider': 'Who reported the result.',
    'RefundChange.providerRefundId': 'The id of the refund at the provider.',
    'ReturnChange.refundId': 'The refund of these units; null if there is none.',
    'DisputeChange.disputeId': 'The id of the dispute at the provider.',
    'StockChange.delta': 'Units added (above 0) or taken away (below 0).',
    'StockChange.available': 'Units that can be ordered afterwards.',
  },
  [STATE_SUBJECT]: {
    'OrderState.customerId': 'The `sub` of the token that placed the order.',
    'OrderState.status': 'Null in a position marker.',
    'OrderState.sourcePartition': 'Partition of the outcome; always equal to the partition of the record.',
    'OrderState.terms': 'The prices and terms of the order, as they were accepted.',
    'StateReason.code': 'One of the reason codes (docs/reasons.md).',
    'StateReason.message': 'Text for people; it may change.',
    'OrderTerms.shippingMethod': 'The shipping method that the customer chose.',
    'OrderTerms.currency': 'ISO 4217 code.',
    'OrderTerms.priceVersion': 'Version of the catalogue with these prices.',
  },
};

export function fieldNote(subject: string, record: string, field: string): string {
  return fieldNotes[subject]?.[`${record}.${field}`] ?? '';
}

/** By subject, then `Record`. These texts replace the texts of the schema. */
const recordNotes: Readonly<Record<string, Notes>> = {
  [COMMANDS_SUBJECT]: {
    OrderCommand:
      'A request to change one order or one stock level. The key of the message is the order id, or the SKU for AdjustStock.',
  },
  [EVENTS_SUBJECT]: {
    OrderEvent:
      'The outcome of one command. It has the same partition number as its command. If repeats are dropped by eventId, each command offset has exactly one.',
  },
  [STATE_SUBJECT]: {
    OrderState:
      'The latest state of one order, or the position marker of a partition. A marker has no orderId; it says how far the states before it reach.',
    StateReason: 'Why the order has this status, if the status needs a reason.',
    OrderTerms: 'The prices and terms of the order, as they were accepted. Null for a rejected order.',
  },
};

/** The text of the page for a record; null if the page uses the text of the schema. */
export function recordNote(subject: string, record: string): string | null {
  return recordNotes[subject]?.[record] ?? null;
}
