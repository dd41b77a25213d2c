/** An order as a message. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Reason } from '../../../../schemas/index.ts';
import type { OrderResource } from '../../../domain/index.ts';
import type { LogPosition, Tickets } from '../../application/common/ticket.ts';
import type { OrderDetails as StoredDetails } from '../../application/read/order-details.ts';
import { actionsOf, orderDeadLettered, queuedActions } from '../../application/read/order-view.ts';
import type { PartitionProgress, Queue } from '../../application/read/partition-progress.ts';
import type { OrderState } from '../../application/read/status.ts';
import {
  type Order,
  type OrderDetailsSchema,
  type OrderSchema,
  OrderStatus,
  type QueueSchema,
  type ReasonSchema,
} from '../generated/orderstream/v1/orders_pb.ts';
import { durationOf, timestampOfText } from './times.ts';

export interface ShowDeps {
  readonly tickets: Tickets;
  readonly progress: Pick<PartitionProgress, 'queueOf'>;
}

export type OrderInit = Exclude<MessageInitShape<typeof OrderSchema>, Order>;

/** The order in this state, as its caller sees it. */
export function showOrder(deps: ShowDeps, state: OrderState, id: string, customerId: string): OrderInit {
  switch (state.kind) {
    case 'known':
      return showKnown(state.order);
    case 'queued':
      return showQueued(deps, id, customerId, state.position);
    case 'deadLettered':
      return { id, status: OrderStatus.DEAD_LETTERED, reason: orderDeadLettered };
  }
}

/** A durable order without an outcome. */
export function showQueued(
  { tickets, progress }: ShowDeps,
  id: string,
  customerId: string,
  position: LogPosition,
): OrderInit {
  return {
    id,
    status: OrderStatus.QUEUED,
    queue: showQueue(progress.queueOf(position)),
    ticket: tickets.issue(id, customerId, position),
    ...queuedActions,
  };
}

export function showQueue({ ahead, etaMs, stalledForMs }: Queue): MessageInitShape<typeof QueueSchema> {
  return {
    ahead: BigInt(ahead),
    eta: durationOf(etaMs),
    ...(stalledForMs !== null && { stalledFor: durationOf(stalledForMs) }),
  };
}

/** The enum value of a status of an order. UNSPECIFIED for a status that this version does not know. */
export function showStatus(status: string): OrderStatus {
  return (OrderStatus as Readonly<Record<string, OrderStatus>>)[status] ?? OrderStatus.UNSPECIFIED;
}

/** The member `reason`; none without a reason. */
export function showReason(
  reason: Pick<Reason, 'code' | 'message'> & { readonly pointer?: string | null },
): MessageInitShape<typeof ReasonSchema> {
  const { code, message, pointer = null } = reason;
  return pointer === null ? { code, message } : { code, message, pointer };
}

/** A decided order. */
export function showKnown(order: OrderResource): OrderInit {
  const { id, version, customerId, currency, units, totals, money } = order;
  return {
    ...{ id, version, customerId, currency, units },
    status: showStatus(order.status),
    items: order.items.map(({ unitPrice, lineTotal, ...item }) => ({
      ...item,
      ...(unitPrice !== undefined && { unitPrice: BigInt(unitPrice) }),
      ...(lineTotal !== undefined && lineTotal !== null && { lineTotal: BigInt(lineTotal) }),
    })),
    totals: bigMembers(totals),
    money: bigMembers(money),
    ...(order.couponCode !== undefined && { couponCode: order.couponCode }),
    ...(order.reason !== undefined && { reason: showReason(order.reason) }),
    ...(order.paymentDueAt !== undefined && { paymentDueTime: timestampOfText(order.paymentDueAt) }),
    createTime: timestampOfText(order.createdAt),
    updateTime: timestampOfText(order.updatedAt),
    ...actionsOf(order),
  };
}

/** Amounts are 64-bit integers. */
export function bigMembers<K extends string>(amounts: Readonly<Record<K, number>>): Record<K, bigint> {
  return Object.fromEntries(
    Object.entries<number>(amounts).map(([name, amount]) => [name, BigInt(amount)]),
  ) as Record<K, bigint>;
}

/** The details that the customer sent with the order. */
export function showDetails({
  idempotencyKey,
  shippingAddress,
  contact,
  metadata,
}: StoredDetails): MessageInitShape<typeof OrderDetailsSchema> {
  return {
    requestId: idempotencyKey,
    ...(shippingAddress !== undefined && { shippingAddress }),
    ...(contact !== undefined && { contact }),
    ...(metadata !== undefined && { metadata: metadata as Record<string, string> }),
  };
}
