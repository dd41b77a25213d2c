/** Decodes records; what is broken for ever comes back as null, what the registry has to answer for is waited out. */
import { type Codec, decodeProven, PoisonError, UnknownSchemaError } from '../shared/codec/index.ts';
import { appError, classify, errorMessage } from '../shared/errors/index.ts';
import type { InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';

const registryBackoff = backoff({ initialMs: 100, maxMs: 5_000 });

export interface DecodeDeps<T> {
  codec: Pick<Codec<T>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /** Whether the value says of itself what its record says: then it is ours, whatever its schema id. */
  isProven(value: T, record: InRecord): boolean;
  /** Whether the record is ours by its headers alone; where it cannot be read then, it is waited for. */
  isOurs?(record: InRecord): boolean;
  /** Told while the record waits for the registry; whoever decodes says when it is over. */
  onWait(reason: string): void;
  log: Logger;
}

/** Rejects with what waiting here does not mend: RECORD_IN_DOUBT (retry) among it. Rejects when `signal` fires. */
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

/** A registry that was rebuilt gives schemas other ids: the record is read as what this build writes, if that is proven. */
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
