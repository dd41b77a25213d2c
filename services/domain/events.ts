/** The events of outcomes. Ids and contents depend only on the command and its position in the log. */
import {
  eventDefaults,
  type OrderCommand,
  type OrderEvent,
  orderDefaults,
  type Reason,
} from '../../schemas/index.ts';
import type { KnownOrder, NewOrder, Snapshot, SourceRecord, StoredOutcome } from './context.ts';
import type { OrderStatus } from './orders/status.ts';
import { moneyOf, noMoney, unitsOf } from './payments/records.ts';
import * as reasons from './reasons.ts';

type Seen = Pick<KnownOrder, 'status' | 'version'>;

/** The position of a record in the log, and that of the record before it. */
type RecordPosition = Pick<SourceRecord, 'partition' | 'offset' | 'prevOffset'>;

/** The parts of an accepted order that its event shows. */
type AcceptedOrder = Pick<NewOrder, 'command' | 'priced' | 'status' | 'paymentDueAtMs'> & {
  readonly record: RecordPosition;
};

/** The event of an accepted order. `nowMs` is the time of its batch, in epoch ms. */
export function accepted(
  order: AcceptedOrder,
  { priceVersion, rules }: Pick<Snapshot, 'priceVersion' | 'rules'>,
  nowMs: number,
): OrderEvent {
  const { record, command, priced, status, paymentDueAtMs } = order;
  return {
    ...base(record, command, nowMs),
    type: 'order.accepted',
    outcome: 'ACCEPTED',
    version: 1,
    status,
    order: {
      currency: command.payload.currency,
      lines: priced.lines.map((line) => ({
        sku: line.sku,
        name: line.name,
        quantity: line.quantity,
        unitPrice: line.unitPrice!,
        lineTotal: line.lineTotal!,
        discount: line.discount,
        tax: line.tax,
        taxIncluded: line.taxIncluded,
        taxRatePpm: line.taxRatePpm,
      })),
      subtotal: priced.subtotal,
      discount: priced.discount,
      shipping: priced.shipping,
      tax: priced.tax,
      total: priced.total,
      couponCode: command.payload.couponCode,
      priceVersion,
      paymentDueAt: paymentDueAtMs,
      ...orderDefaults,
      taxIncluded: priced.taxIncluded,
      shippingTaxRatePpm: priced.shippingTaxRatePpm,
      rulesVersion: rules.version,
      flags: rules.flagsText,
    },
    money: noMoney,
    units: unitsOf(command.payload),
  };
}

/** The event of a rejected order. */
export function rejected(
  record: RecordPosition,
  command: OrderCommand,
  reason: Reason,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, command, nowMs),
    type: 'order.rejected',
    outcome: 'REJECTED',
    version: 1,
    status: 'REJECTED',
    reason,
  };
}

/**
 * The event of an applied change. `order` is the state after the change. It names the customer of the order, because
 * providers and timers do not know the customer.
 */
export function changed(
  record: SourceRecord,
  command: OrderCommand,
  order: KnownOrder,
  previousStatus: OrderStatus,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, command, nowMs),
    type: `order.${order.status.toLowerCase()}`,
    outcome: 'APPLIED',
    version: order.version,
    status: order.status,
    previousStatus,
    customerId: order.customerId,
    money: moneyOf(order),
    units: unitsOf(order),
  };
}

/** The event of a changed stock level. It is about no order. */
export function adjusted(
  record: SourceRecord,
  command: OrderCommand,
  stock: NonNullable<OrderEvent['stock']>,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, command, nowMs),
    type: 'stock.adjusted',
    outcome: 'APPLIED',
    version: 0,
    stock,
  };
}

export function duplicatePlace(
  record: SourceRecord,
  command: OrderCommand,
  order: Seen,
  nowMs: number,
): OrderEvent {
  const { version, status } = order;
  return {
    ...base(record, command, nowMs),
    type: 'command.duplicate',
    outcome: 'DUPLICATE',
    version,
    status,
  };
}

/** The event of a repeated command. It contains the stored outcome of the first copy. */
export function duplicateCommand(
  record: SourceRecord,
  command: OrderCommand,
  stored: StoredOutcome,
  nowMs: number,
): OrderEvent {
  const { version, status, reason } = stored;
  return {
    ...base(record, command, nowMs),
    type: 'command.duplicate',
    outcome: 'DUPLICATE',
    version,
    status,
    reason,
  };
}

export function keyConflict(
  record: SourceRecord,
  command: OrderCommand,
  order: Seen | null,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, command, nowMs),
    type: 'command.key_conflict',
    outcome: 'KEY_CONFLICT',
    version: order?.version ?? 0,
    status: order?.status ?? null,
    reason: reasons.keyConflict(command.type === 'PLACE'),
  };
}

export function refused(
  record: SourceRecord,
  command: OrderCommand,
  order: Seen | null,
  reason: Reason,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, command, nowMs),
    type: 'command.refused',
    outcome: 'REFUSED',
    version: order?.version ?? 0,
    status: order?.status ?? null,
    reason,
  };
}

export function deadLettered(
  record: SourceRecord,
  orderId: string | null,
  reason: Reason,
  nowMs: number,
): OrderEvent {
  return {
    ...base(record, null, nowMs),
    type: 'command.dead_lettered',
    outcome: 'DEAD_LETTERED',
    orderId,
    version: 0,
    reason,
  };
}

/** The event id of a command. Every copy of the event has the same id. */
function eventIdOf(partition: number, offset: number): string {
  return `${partition}-${offset}`;
}

function base(record: RecordPosition, command: OrderCommand | null, nowMs: number) {
  return {
    eventId: eventIdOf(record.partition, record.offset),
    orderId: command?.orderId ?? null,
    customerId: command?.customerId ?? null,
    status: null,
    previousStatus: null,
    occurredAt: nowMs,
    commandId: command?.commandId ?? null,
    commandType: command?.type ?? null,
    actor: command?.actor ?? null,
    sourcePartition: record.partition,
    sourceOffset: record.offset,
    prevSourceOffset: record.prevOffset,
    reason: null,
    traceparent: command?.traceparent ?? null,
    order: null,
    payment: null,
    shipment: null,
    stock: null,
    ...eventDefaults,
  } satisfies Partial<OrderEvent>;
}
