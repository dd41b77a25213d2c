/**
 * Decodes records in their order. While the registry is unreachable, it waits and sends its request again. The
 * worker does not use this decoder: there the lane waits, so that no transaction waits.
 */
import { type Codec, decodeProven, PoisonError, UnknownSchemaError } from '../codec/index.ts';
import { classify, errorMessage } from '../errors/index.ts';
import type { InRecord } from '../kafka/index.ts';
import type { Logger } from '../log/index.ts';
import { type Backoff, sleep } from '../retry/index.ts';

interface Decoded<T> {
  record: InRecord;
  /** Null if the record can never be decoded. */
  value: T | null;
}

/** Why a record can never be decoded. `UnknownSchemaError` means that the registry has no such schema. */
export type UndecodableError = PoisonError | UnknownSchemaError;

export interface RecordDecoder<T> {
  /** Rejects when `signal` aborts, and on errors that a retry cannot fix. */
  decode(records: readonly InRecord[], signal: AbortSignal): Promise<Decoded<T>[]>;
}

interface RecordDecoderDeps<T> {
  codec: Pick<Codec<T>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /**
   * Whether the fields of the value match its record. If they do, the decoder accepts the value, whatever its
   * schema id.
   */
  isProven(value: T, record: InRecord): boolean;
  /** Called with each record that can never be decoded. It may throw to keep the record. */
  onUndecodable?(record: InRecord, error: UndecodableError): void;
  /** Called after each failed request to the registry. The wait ends when `decode` resolves or rejects. */
  onWait(reason: string): void;
  backoff: Backoff;
  log: Logger;
}

export function createRecordDecoder<T>(deps: RecordDecoderDeps<T>): RecordDecoder<T> {
  return {
    async decode(records, signal) {
      const decoded: Decoded<T>[] = [];
      for (const record of records) {
        const result = decodeNow(deps, record);
        // Usually every schema is known, and then no record waits for a promise.
        const value =
          'error' in result ? await decodeLater(deps, record, result.error, signal) : result.value;
        decoded.push({ record, value });
      }
      return decoded;
    },
  };
}

function decodeNow<T>(
  { codec }: RecordDecoderDeps<T>,
  record: InRecord,
): { value: T } | { error: UndecodableError } {
  try {
    return { value: codec.decode(record.value) };
  } catch (error) {
    if (error instanceof PoisonError || error instanceof UnknownSchemaError) return { error };
    throw error;
  }
}

async function decodeLater<T>(
  deps: RecordDecoderDeps<T>,
  record: InRecord,
  firstError: UndecodableError,
  signal: AbortSignal,
): Promise<T | null> {
  let error = firstError;
  for (let attempt = 1; error instanceof UnknownSchemaError; attempt++) {
    if ((await askRegistry(deps, error.schemaId, attempt)) === 'missing') break;
    const result = decodeNow(deps, record);
    if ('value' in result) return result.value;
    error = result.error;
    if (error instanceof UnknownSchemaError) await sleep(deps.backoff(attempt), signal);
  }
  const value = isSchemaInDoubt(error) ? decodeByProof(deps, record) : null;
  if (value === null) deps.onUndecodable?.(record, error);
  return value;
}

/**
 * The registry has no such id, or has it under another subject. A rebuilt registry gives the same schemas other
 * ids.
 */
function isSchemaInDoubt(error: UndecodableError): boolean {
  return error instanceof UnknownSchemaError || error.code === 'WRONG_SUBJECT';
}

function decodeByProof<T>({ codec, isProven }: RecordDecoderDeps<T>, record: InRecord): T | null {
  return decodeProven(codec, record.value, (value) => isProven(value, record));
}

async function askRegistry<T>(
  { codec, onWait, log }: RecordDecoderDeps<T>,
  schemaId: number,
  attempt: number,
): Promise<'known' | 'missing' | 'unavailable'> {
  try {
    return await codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    onWait(errorMessage(error));
    log.warn(
      { err: error, schemaId, attempt },
      `records wait for the schema registry: ${errorMessage(error)}`,
    );
    return 'unavailable';
  }
}
