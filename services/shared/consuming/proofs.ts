/**
 * Proves the type of a value whose schema id is unknown. The fields of the value must match the key, headers
 * and partition of its record.
 */
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import { headerOf, type InRecord } from '../kafka/index.ts';

export function isOutcomeOf(
  { eventId, sourcePartition, sourceOffset }: OrderEvent,
  record: InRecord,
): boolean {
  return (
    sourcePartition === record.partition &&
    eventId === `${sourcePartition}-${sourceOffset}` &&
    String(headerOf(record, 'ce_id')) === eventId
  );
}

export function isStateOf({ orderId, sourcePartition, sourceOffset }: OrderState, record: InRecord): boolean {
  const key = orderId ?? `position/${sourcePartition}`;
  return (
    sourcePartition === record.partition &&
    String(record.key) === key &&
    String(headerOf(record, 'os-source-offset')) === String(sourceOffset)
  );
}
