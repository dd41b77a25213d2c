/** Decodes records; what is broken for ever comes back as null, what the registry has to answer for is waited out. */
import { type Codec, PoisonError, UnknownSchemaError } from '../shared/codec/index.ts';
import { classify, errorMessage } from '../shared/errors/index.ts';
import type { InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';

const registryBackoff = backoff({ initialMs: 100, maxMs: 5_000 });

interface Deps<T> {
  codec: Pick<Codec<T>, 'decode' | 'resolveSchema'>;
  log: Logger;
}

/** Rejects only with what cannot be waited out, or when `signal` fires. */
export async function decodeRecord<T>(
  { codec, log }: Deps<T>,
  record: InRecord,
  signal: AbortSignal,
): Promise<T | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return codec.decode(record.value);
    } catch (error) {
      if (error instanceof PoisonError) return null;
      if (!(error instanceof UnknownSchemaError)) throw error;
      if ((await ask(codec, error.schemaId, log)) === 'missing') return null;
      await sleep(registryBackoff(attempt), signal);
    }
  }
}

async function ask<T>(
  codec: Pick<Codec<T>, 'resolveSchema'>,
  schemaId: number,
  log: Logger,
): Promise<'known' | 'missing' | 'unclear'> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    log.warn({ err: error, schemaId }, `outcomes wait for the schema registry: ${errorMessage(error)}`);
    return 'unclear';
  }
}
