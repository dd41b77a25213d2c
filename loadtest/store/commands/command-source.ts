/**
 * Payments and cancels of orders that the tables have, as records of the command topic. Four commands concern three orders:
 *
 *   pay a · pay b · cancel c, which nobody paid · cancel an earlier b, which is then refunded
 *
 * So half of the commands are payments. A paid order is cancelled many commands after its payment, so that both are never
 * in one batch.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import type { Codec } from '../../../services/shared/codec/index.ts';
import { currency, type OrderStream, placeholderId, unitPriceOfSku } from '../order-stream.ts';
import { encodeTemplates, type RecordSource, recordOf } from '../record-source.ts';

/** A command for the order at an offset of its partition. */
export interface PlannedCommand {
  readonly type: 'CONFIRM_PAYMENT' | 'CANCEL';
  /** Offset of the PLACE command of the order. */
  readonly orderOffset: number;
}

/** Groups of four commands between the payment of an order and its cancel. */
const lagGroupsDefault = 500;
const ordersEach = 3;
const commandsEach = 4;
const paymentProvider = 'bench';

/**
 * The command with this number in its partition.
 *
 * @param loaded number of orders of the partition, from offset 0
 * @throws RangeError if there is no order left
 */
export function plannedCommand(index: number, loaded: number, lagGroups = lagGroupsDefault): PlannedCommand {
  const group = Math.floor(index / commandsEach);
  const turn = index % commandsEach;
  const reserved = loaded - lagGroups;
  if (ordersEach * (group + 1) > reserved) throw new RangeError(`the run used up its ${loaded} orders`);
  const first = ordersEach * group;
  if (turn < 2) return { type: 'CONFIRM_PAYMENT', orderOffset: first + turn };
  if (turn === 2) return { type: 'CANCEL', orderOffset: first + 2 };
  // The first groups have no earlier payment, so they cancel unpaid orders from the end.
  const paid = first - ordersEach * lagGroups + 1;
  return { type: 'CANCEL', orderOffset: paid < 0 ? reserved + group : paid };
}

/** @param from the offset of the first command of each partition, which is the number of its orders */
export function createCommandSource(
  stream: OrderStream,
  codec: Codec<OrderCommand>,
  topic: string,
  from: readonly number[],
  lagGroups = lagGroupsDefault,
): RecordSource {
  const payments = encodeTemplates((template) => paymentOf(stream, template), codec);
  const cancels = encodeTemplates((template) => cancelOf(stream, template), codec);
  return {
    record(partition, offset) {
      const loaded = from[partition]!;
      const { type, orderOffset } = plannedCommand(offset - loaded, loaded, lagGroups);
      const id = stream.orderId(partition, orderOffset);
      const templates = type === 'CANCEL' ? cancels : payments;
      const value = templates.valueOf(stream.templateOf(partition, orderOffset), id);
      return recordOf({ topic, partition, offset, id, value });
    },
  };
}

/** The amount that the order of a template costs, without rules. */
export function amountOfTemplate(stream: OrderStream, template: number): number {
  const { lines } = stream.template(template).payload;
  return lines.reduce((sum, { sku, quantity }) => sum + unitPriceOfSku(sku) * quantity, 0);
}

/** The payment of exactly what an order of this template costs. */
export function paymentOf(stream: OrderStream, template: number): OrderCommand {
  const { issuedAt, fingerprint } = stream.template(template);
  return {
    commandId: `pay:${placeholderId}`,
    type: 'CONFIRM_PAYMENT',
    orderId: placeholderId,
    customerId: null,
    actor: `provider:${paymentProvider}`,
    idempotencyKey: null,
    fingerprint,
    issuedAt,
    traceparent: null,
    sealed: null,
    payload: {
      provider: paymentProvider,
      providerEventId: `event-${placeholderId}`,
      providerPaymentId: `payment-${placeholderId}`,
      amount: amountOfTemplate(stream, template),
      currency,
      kind: 'CAPTURED',
      reference: null,
    },
  };
}

function cancelOf(stream: OrderStream, template: number): OrderCommand {
  const { customerId, issuedAt, fingerprint } = stream.template(template);
  return {
    commandId: `cancel:${placeholderId}`,
    type: 'CANCEL',
    orderId: placeholderId,
    customerId,
    actor: 'customer',
    idempotencyKey: `cancel-${placeholderId}`,
    fingerprint,
    issuedAt,
    traceparent: null,
    sealed: null,
    payload: { reason: null, expectedVersion: null, lines: [] },
  };
}
