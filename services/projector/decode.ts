/**
 * Decodes records. A record that can never be decoded is returned as null. While the registry cannot answer,
 * decoding waits.
 */
import { type Codec, decodeProven, PoisonError, UnknownSchemaError } from '../shared/codec/index.ts';
import { appError, classify, errorMessage } from '../shared/errors/index.ts';
import type { InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';

const registryBackoff = backoff({ initialMs: 100, maxMs: 5_000 });

export interface DecodeDeps<T> {
  codec: Pick<Codec<T>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /** Whether the value's contents match its headers: then this product wrote it, whatever its schema id. */
  isProven(value: T, record: InRecord): boolean;
  /**
   * Whether the headers alone show that this product wrote the record. If it cannot be read, decoding waits.
   */
  isOurs?(record: InRecord): boolean;
  /** Called while the record waits for the registry. The caller clears the wait. */
  onWait(reason: string): void;
  log: Logger;
}

/**
 * Rejects with errors that waiting here does not repair, for example RECORD_IN_DOUBT (retry). Rejects when
 * `signal` fires.
 */
export async function decodeRecord<T>(
  deps: DecodeDeps<T>,
  record: InRecord,
  signal: AbortSignal,
): Promise<T | null> {
  const { codec } = deps;
  for (let attempt = 1; ; attempt++) {
    try {
      return codec.decode(record.value);
    } catch (error) {
      if (error instanceof PoisonError)
        return error.code === 'WRONG_SUBJECT' ? whateverItsId(deps, record, error.code) : null;
      if (!(error instanceof UnknownSchemaError)) throw error;
      if ((await ask(deps, error.schemaId)) === 'missing')
        return whateverItsId(deps, record, `the registry has no schema ${error.schemaId}`);
      await sleep(registryBackoff(attempt), signal);
    }
  }
}

/**
 * A rebuilt registry gives schemas other ids. The record is read with this build's schema if its contents
 * prove that it fits.
 */
function whateverItsId<T>(
  { codec, isProven, isOurs }: DecodeDeps<T>,
  record: InRecord,
  reason: string,
): T | null {
  const value = decodeProven(codec, record.value, (read) => isProven(read, record));
  if (value !== null || isOurs?.(record) !== true) return value;
  const { topic, partition, offset } = record;
  throw appError('RECORD_IN_DOUBT', { topic, partition, offset: String(offset), reason });
}

async function ask<T>(
  { codec, onWait, log }: DecodeDeps<T>,
  schemaId: number,
): Promise<'known' | 'missing' | 'unclear'> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    onWait(errorMessage(error));
    log.warn({ err: error, schemaId }, `outcomes wait for the schema registry: ${errorMessage(error)}`);
    return 'unclear';
  }
}
