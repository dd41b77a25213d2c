/** Decodes records of the product's topics. It queries an unknown schema once. */
import type { OrderCommand, OrderEvent, OrderState } from '../../schemas/index.ts';
import {
  type Codec,
  type Codecs,
  loadCodecs,
  loadStateCodec,
  PoisonError,
  UnknownSchemaError,
} from '../../services/shared/codec/index.ts';
import { AppError } from '../../services/shared/errors/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';

type Decoded<T> = { kind: 'value'; value: T } | { kind: 'poison'; code: string; message: string };

interface Encoded {
  value: Buffer | null;
}

export interface Decoder {
  command(record: Encoded): Promise<Decoded<OrderCommand>>;
  event(record: Encoded): Promise<Decoded<OrderEvent>>;
  /** Null if the registry has no schema of states, because the installation is older than the projector. */
  state: ((record: Encoded) => Promise<Decoded<OrderState>>) | null;
}

/** A decoder with the schemas of the registry at `registryUrl`. It never writes to the registry. */
export async function openDecoder(registryUrl: string): Promise<Decoder> {
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const [codecs, states] = await Promise.all([
    loadCodecs({ registryUrl, log }),
    stateCodec(registryUrl, log),
  ]);
  return decoderOf(codecs, states);
}

export function decoderOf(codecs: Codecs, states: Codec<OrderState> | null = null): Decoder {
  return {
    command: (record) => decodeWith(codecs.commands, record),
    event: (record) => decodeWith(codecs.events, record),
    state: states === null ? null : (record) => decodeWith(states, record),
  };
}

async function stateCodec(
  registryUrl: string,
  log: ReturnType<typeof createLogger>,
): Promise<Codec<OrderState> | null> {
  try {
    return await loadStateCodec({ registryUrl, log });
  } catch (error) {
    if (error instanceof AppError && error.code === 'SCHEMA_NOT_REGISTERED') return null;
    throw error;
  }
}

async function decodeWith<T>(codec: Codec<T>, record: Encoded): Promise<Decoded<T>> {
  try {
    return { kind: 'value', value: codec.decode(record.value) };
  } catch (error) {
    if (error instanceof PoisonError) return { kind: 'poison', code: error.code, message: error.message };
    if (!(error instanceof UnknownSchemaError)) throw error;
    const answer = await resolved(codec, error.schemaId);
    if (answer instanceof AppError) return { kind: 'poison', code: answer.code, message: answer.message };
    if (answer === 'known') return decodeWith(codec, record);
    return {
      kind: 'poison',
      code: 'UNKNOWN_SCHEMA',
      message: `the registry has no schema ${error.schemaId}`,
    };
  }
}

/** Resolves a schema. An unreadable schema affects only its own records, so the caller continues with the others. */
async function resolved<T>(codec: Codec<T>, schemaId: number): Promise<'known' | 'missing' | AppError> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (error instanceof AppError && error.code === 'SCHEMA_MISMATCH') return error;
    throw error;
  }
}
