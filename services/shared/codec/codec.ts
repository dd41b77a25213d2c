import type { Type } from 'avsc';
import { AppError } from '../errors/index.ts';
import { AvroDecoder } from './avro-decoder.ts';
import { AvroEncoder } from './avro-encoder.ts';
import { type AvroType, compileSchema, internalsOf, resolverOf } from './avro-types.ts';
import { FRAME_BYTES, readFrame } from './frame.ts';
import { PoisonError, UnknownSchemaError } from './poison.ts';

/** Converts values of one subject to bytes and back. It is synchronous, so decoding a batch needs no await. */
export interface Codec<T> {
  /** Schema id that `encode` writes. */
  readonly schemaId: number;
  /**
   * Returns the magic byte, schema id and body in a new buffer.
   *
   * @throws AppError INVALID_VALUE if the value does not fit the schema, TOO_LONG above 1 MiB
   */
  encode(value: T): Buffer;
  /** @throws PoisonError if the bytes are invalid, UnknownSchemaError if the schema id is not prepared */
  decode(bytes: Buffer | null): T;
  /**
   * Reads the body with each bundled version of the subject, newest first, and ignores the schema id. Returns
   * null if no version reads all bytes. Use it for records whose schema id is in doubt, because a rebuilt
   * registry assigns other ids.
   */
  decodeByContent(bytes: Buffer | null): T | null;
  /**
   * Whether `decode` has decoded any value by its schema id. This proves that log and registry belong together.
   */
  hasDecoded(): boolean;
  /**
   * Prepares a schema id that `decode` did not know.
   *
   * @returns `missing` only if the registry itself reports that the id does not exist
   * @throws AppError REGISTRY_UNAVAILABLE (retry) or SCHEMA_MISMATCH (this reader cannot read that writer)
   */
  resolveSchema(schemaId: number): Promise<'known' | 'missing'>;
}

/** The prepared schemas of one subject. `resolveSchema` adds to them while records are decoded. */
export interface Readers {
  /** Newest bundled schema. Values are written with it, and other versions are read into its shape. */
  type: Type;
  byId: Map<number, Pick<AvroType, '_read'>>;
  /** Ids that the registry has under other subjects. */
  foreignIds: Set<number>;
}

/** The rules of a record type in addition to Avro; see shapes.ts. */
export interface Shape<T> {
  /** Index of the payload branch to write; -1 if the type has no branches. */
  branchOf(value: T): number;
  /** Whether the type and the payload of a decoded value agree. */
  isConsistent(value: T): boolean;
}

/** Prepared schemas that read `writerId` without schema resolution. */
export function createReaders(schema: object, writerId: number): Readers {
  const type = compileSchema(schema);
  return { type, byId: new Map([[writerId, internalsOf(type)]]), foreignIds: new Set() };
}

/**
 * Prepares another version of the subject.
 *
 * @throws AppError SCHEMA_MISMATCH if the bundled schema cannot read it
 */
export function addWriter(readers: Readers, subject: string, schemaId: number, schema: object): void {
  try {
    readers.byId.set(schemaId, readerOf(readers.type, compileSchema(schema)));
  } catch (error) {
    const reason = `id ${schemaId} cannot be read by the schema of this build (${(error as Error).message})`;
    throw new AppError('SCHEMA_MISMATCH', { subject, reason }, { cause: error });
  }
}

/** One codec over prepared schemas. */
export function createCodec<T>(
  deps: {
    readers: Readers;
    shape: Shape<T>;
    /** Bundled schemas of the subject in ascending order of version, for `decodeByContent`. */
    versions?: readonly object[];
  } & Pick<Codec<T>, 'schemaId' | 'resolveSchema'>,
): Codec<T> {
  const { readers, shape, schemaId, versions = [] } = deps;
  const type = internalsOf(readers.type);
  const avroEncoder = new AvroEncoder();
  const avroDecoder = new AvroDecoder();

  function encode(value: T): Buffer {
    avroEncoder.begin(schemaId);
    avroEncoder.branch = shape.branchOf(value);
    try {
      type._write(avroEncoder, value);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('INVALID_VALUE', { schemaId }, { cause: error });
    }
    return avroEncoder.take();
  }

  let hasDecoded = false;
  let versionReaders: Pick<AvroType, '_read'>[] | undefined;

  function decode(bytes: Buffer | null): T {
    const id = readFrame(bytes);
    const reader = readers.byId.get(id);
    if (reader === undefined) {
      throw readers.foreignIds.has(id) ? new PoisonError('WRONG_SUBJECT', id) : new UnknownSchemaError(id);
    }
    const value = readBody(reader, bytes as Buffer, id);
    hasDecoded = true;
    return value;
  }

  function readBody(reader: Pick<AvroType, '_read'>, bytes: Buffer, id: number): T {
    avroDecoder.begin(bytes, FRAME_BYTES, id);
    let value: T;
    try {
      value = reader._read(avroDecoder) as T;
      avroDecoder.end();
    } catch (error) {
      // An error of avsc depends only on these bytes and this schema. A retry would fail in the same way.
      throw error instanceof PoisonError ? error : new PoisonError('INVALID_VALUE', id, { cause: error });
    }
    if (!shape.isConsistent(value)) throw new PoisonError('TYPE_MISMATCH', id);
    return value;
  }

  function decodeByContent(bytes: Buffer | null): T | null {
    const id = readFrame(bytes);
    versionReaders ??= versions.map((schema) => readerOf(readers.type, compileSchema(schema))).reverse();
    for (const reader of versionReaders) {
      try {
        return readBody(reader, bytes as Buffer, id);
      } catch (error) {
        if (!(error instanceof PoisonError)) throw error;
      }
    }
    return null;
  }

  return {
    schemaId,
    encode,
    decode,
    decodeByContent,
    hasDecoded: () => hasDecoded,
    resolveSchema: deps.resolveSchema,
  };
}

function readerOf(type: Type, writer: Type): Pick<AvroType, '_read'> {
  const same = writer.fingerprint().equals(type.fingerprint());
  return same ? internalsOf(type) : resolverOf(type, writer);
}
