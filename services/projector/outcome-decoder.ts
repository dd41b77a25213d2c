/**
 * Decodes outcomes for the snapshot. The projector never skips an unreadable outcome of this pipeline: the partition
 * stops there.
 */
import type { OrderEvent } from '../../schemas/index.ts';
import { type Codec, UnknownSchemaError } from '../shared/codec/index.ts';
import {
  createRecordDecoder,
  isOutcomeOf,
  type RecordDecoder,
  type UndecodableError,
} from '../shared/consuming/index.ts';
import { appError } from '../shared/errors/index.ts';
import { headerOf, type InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { backoff } from '../shared/retry/index.ts';

export const registryBackoff = backoff({ initialMs: 100, maxMs: 5_000 });

interface OutcomeDecoderDeps {
  events: Pick<Codec<OrderEvent>, 'decode' | 'resolveSchema' | 'schemaId'>;
  partition: number;
  /** Called with the reason why the states wait. */
  onWait(partition: number, reason: string): void;
  log: Logger;
}

/** Creates the decoder of a partition. `decode` also rejects with RECORD_IN_DOUBT (retry). */
export function createOutcomeDecoder({
  events,
  partition,
  onWait,
  log,
}: OutcomeDecoderDeps): RecordDecoder<OrderEvent> {
  return createRecordDecoder({
    codec: events,
    isProven: isOutcomeOf,
    onUndecodable: refuseDoubt,
    onWait: (reason) => onWait(partition, reason),
    backoff: registryBackoff,
    log,
  });
}

/**
 * Throws RECORD_IN_DOUBT if a worker wrote the record but its schema id does not match. A rebuilt registry may give
 * schemas other ids.
 */
function refuseDoubt(record: InRecord, error: UndecodableError): void {
  const reason = doubtOf(error);
  if (reason === null || !isWrittenByWorker(record)) return;
  const { topic, partition, offset } = record;
  throw appError('RECORD_IN_DOUBT', { topic, partition, offset: String(offset), reason });
}

function doubtOf(error: UndecodableError): string | null {
  if (error instanceof UnknownSchemaError) return `the registry has no schema ${error.schemaId}`;
  return error.code === 'WRONG_SUBJECT' ? error.code : null;
}

/** Whether a worker wrote the record. Only workers write outcomes with such an id. */
function isWrittenByWorker(record: InRecord): boolean {
  return new RegExp(`^${record.partition}-\\d+$`).test(String(headerOf(record, 'ce_id') ?? ''));
}
