/**
 * Whole lives of orders as records of the command topic. Four commands concern four orders, each one step further:
 *
 *   place a · pay an earlier b · ship c, which was paid earlier · deliver d, which was shipped earlier
 *
 * So each group of four commands ends one life. The steps of one order are many commands apart, so that no two of them are in
 * one batch. The first groups place orders instead of later steps, because they have no earlier orders.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import type { Codec } from '../../../services/shared/codec/index.ts';
import { type OrderStream, placeholderId } from '../order-stream.ts';
import { encodeTemplates, type RecordSource, recordOf } from '../record-source.ts';
import { paymentOf } from './command-source.ts';

const steps = ['PLACE', 'CONFIRM_PAYMENT', 'SHIP', 'DELIVER'] as const;

/** A command for the order at an offset of its partition. */
export interface LifeStep {
  readonly type: (typeof steps)[number];
  /** Offset of the PLACE command of the order. */
  readonly orderOffset: number;
}

/** Groups of four commands between two steps of one order. A batch has fewer commands of one lane. */
const lagGroupsDefault = 256;

/** The command at this offset of its partition. The run begins at offset `from`. */
export function lifeStep(offset: number, from: number, lagGroups = lagGroupsDefault): LifeStep {
  const turn = (offset - from) % steps.length;
  const orderOffset = offset - turn - turn * lagGroups * steps.length;
  return orderOffset < from ? { type: 'PLACE', orderOffset: offset } : { type: steps[turn]!, orderOffset };
}

/** @param from the first offset of each partition */
export function createLifeSource(
  stream: OrderStream,
  codec: Codec<OrderCommand>,
  topic: string,
  from: readonly number[],
  lagGroups = lagGroupsDefault,
): RecordSource {
  const templates = {
    PLACE: encodeTemplates((template) => stream.template(template), codec),
    CONFIRM_PAYMENT: encodeTemplates((template) => paymentOf(stream, template), codec),
    SHIP: encodeTemplates((template) => shipOf(stream, template), codec),
    DELIVER: encodeTemplates((template) => deliverOf(stream, template), codec),
  };
  return {
    record(partition, offset) {
      const { type, orderOffset } = lifeStep(offset, from[partition]!, lagGroups);
      const id = stream.orderId(partition, orderOffset);
      const value = templates[type].valueOf(stream.templateOf(partition, orderOffset), id);
      return recordOf({ topic, partition, offset, id, value });
    },
  };
}

function common(stream: OrderStream, template: number, step: string) {
  const { issuedAt, fingerprint } = stream.template(template);
  return {
    commandId: `${step}:${placeholderId}`,
    orderId: placeholderId,
    customerId: null,
    actor: 'operator:bench',
    idempotencyKey: `${step}-${placeholderId}`,
    fingerprint,
    issuedAt,
    traceparent: null,
    sealed: null,
  };
}

function shipOf(stream: OrderStream, template: number): OrderCommand {
  return {
    ...common(stream, template, 'ship'),
    type: 'SHIP',
    payload: { carrier: 'Post', trackingNumber: 'T-0123456789', lines: [] },
  };
}

function deliverOf(stream: OrderStream, template: number): OrderCommand {
  const { issuedAt } = stream.template(template);
  return {
    ...common(stream, template, 'deliver'),
    type: 'DELIVER',
    payload: { deliveredAt: issuedAt, shipment: null },
  };
}
