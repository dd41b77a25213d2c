/** Decodes outcomes for the snapshot. An outcome of this pipeline that cannot be read now stops its partition: it is never skipped. */
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

/** `decode` also rejects with RECORD_IN_DOUBT (retry). */
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

/** A rebuilt registry gives schemas other ids. So a record that a worker wrote is in doubt until its schema is known. */
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

/** Only workers write outcomes with such an id. */
function isWrittenByWorker(record: InRecord): boolean {
  return new RegExp(`^${record.partition}-\\d+$`).test(String(headerOf(record, 'ce_id') ?? ''));
}
