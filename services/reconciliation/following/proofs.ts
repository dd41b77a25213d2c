/** Which contents prove a value with an unknown schema id: they must match the record's headers. */
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';

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
