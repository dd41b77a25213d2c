/** What a value has to say of itself to be believed though its schema id is unknown: what its record says elsewhere. */
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
