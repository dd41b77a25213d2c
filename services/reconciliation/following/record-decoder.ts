/**
 * Decodes records. A record that can never be decoded is returned as null. While the registry cannot answer,
 * decoding waits.
 */
import { type Codec, decodeProven, PoisonError, UnknownSchemaError } from '../../shared/codec/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import type { Health } from '../running/health.ts';

interface Decoded<T> {
  record: InRecord;
  /** null: it cannot be decoded. */
  value: T | null;
}

export interface RecordDecoder<T> {
  decode(records: readonly InRecord[], signal: AbortSignal): Promise<Decoded<T>[]>;
}

interface Deps<T> {
  codec: Pick<Codec<T>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /** Whether the value's contents match its headers: then it is accepted, whatever its schema id. */
  isProven(value: T, record: InRecord): boolean;
  backoff: Backoff;
  /** Called while records wait. The caller clears the wait. */
  health?: Pick<Health, 'failed'>;
  log: Logger;
}

export function createRecordDecoder<T>(deps: Deps<T>): RecordDecoder<T> {
  return {
    async decode(records, signal) {
      const decoded: Decoded<T>[] = [];
      for (const record of records) decoded.push({ record, value: await decodeOne(deps, record, signal) });
      return decoded;
    },
  };
}

async function decodeOne<T>(deps: Deps<T>, record: InRecord, signal: AbortSignal): Promise<T | null> {
  const { codec, isProven } = deps;
  // A rebuilt registry gives schemas other ids.
  const proven = (): T | null => decodeProven(codec, record.value, (value) => isProven(value, record));
  for (let attempt = 1; ; attempt++) {
    try {
      return deps.codec.decode(record.value);
    } catch (error) {
      if (error instanceof PoisonError) return error.code === 'WRONG_SUBJECT' ? proven() : null;
      if (!(error instanceof UnknownSchemaError)) throw error;
      if ((await resolve(deps, error.schemaId)) === 'missing') return proven();
      await sleep(deps.backoff(attempt), signal);
    }
  }
}

async function resolve<T>(
  { codec, log, health }: Omit<Deps<T>, 'isProven'>,
  schemaId: number,
): Promise<'known' | 'missing' | 'unclear'> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    health?.failed('following waits', errorMessage(error));
    log.warn({ err: error, schemaId }, `records wait for the schema registry: ${errorMessage(error)}`);
    return 'unclear';
  }
}
