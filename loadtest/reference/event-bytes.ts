/**
 * Encodes the event that the usual design puts into its outbox. Record and encoding are those of the product, so they cost
 * all designs the same.
 */
import type { OrderEvent } from '../../schemas/index.ts';
import { accepted, rejected } from '../../services/domain/index.ts';
import type { Codec } from '../../services/shared/codec/index.ts';
import { type PricedCommand, stateOf } from './order-values.ts';

/** The encoded outcome of a PLACE command that was accepted, or rejected with this reason. */
export function outcomeBytes(
  codec: Codec<OrderEvent>,
  order: PricedCommand,
  { partition, offset, nowMs }: { partition: number; offset: number; nowMs: number },
  reason: OrderEvent['reason'],
): Buffer {
  const { command, priced } = order;
  const record = { partition, offset, prevOffset: offset - 1 };
  if (reason !== null) return codec.encode(rejected(record, command, reason, nowMs));
  const { status, paymentDueAtMs } = stateOf(order, false, nowMs);
  return codec.encode(accepted({ record, command, priced, status, paymentDueAtMs }, order, nowMs));
}
