/** Decodes outcomes; what is broken for ever comes back as null, what the registry has to answer for is waited out. */
import type { OrderEvent } from '../../schemas/index.ts';
import { type Codec, PoisonError, UnknownSchemaError } from '../shared/codec/index.ts';
import { classify, errorMessage } from '../shared/errors/index.ts';
import type { InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { type Backoff, sleep } from '../shared/retry/index.ts';

export interface Decoded {
  record: InRecord;
  /** null: it cannot be decoded. */
  event: OrderEvent | null;
}

export interface EventDecoder {
  decode(records: readonly InRecord[], signal: AbortSignal): Promise<Decoded[]>;
}

interface Deps {
  codec: Pick<Codec<OrderEvent>, 'decode' | 'resolveSchema'>;
  backoff: Backoff;
  log: Logger;
}

export function createEventDecoder(deps: Deps): EventDecoder {
  return {
    async decode(records, signal) {
      const decoded: Decoded[] = [];
      for (const record of records) decoded.push({ record, event: await decodeOne(deps, record, signal) });
      return decoded;
    },
  };
}

async function decodeOne(deps: Deps, record: InRecord, signal: AbortSignal): Promise<OrderEvent | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return deps.codec.decode(record.value);
    } catch (error) {
      if (error instanceof PoisonError) return null;
      if (!(error instanceof UnknownSchemaError)) throw error;
      if ((await resolve(deps, error.schemaId)) === 'missing') return null;
      await sleep(deps.backoff(attempt), signal);
    }
  }
}

async function resolve({ codec, log }: Deps, schemaId: number): Promise<'known' | 'missing' | 'unclear'> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    log.warn({ err: error, schemaId }, `outcomes wait for the schema registry: ${errorMessage(error)}`);
    return 'unclear';
  }
}
