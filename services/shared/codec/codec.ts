import type { Type } from 'avsc';
import { AppError } from '../errors/index.ts';
import { type AvroType, compileSchema, internalsOf, resolverOf } from './avro-types.ts';
import { FRAME_BYTES, readFrame } from './frame.ts';
import { PoisonError, UnknownSchemaError } from './poison.ts';
import { ReadTap } from './read-tap.ts';
import { WriteTap } from './write-tap.ts';

/** Values of one subject to bytes and back; synchronous, so that a batch is decoded without a single await. */
export interface Codec<T> {
  /** Schema id that `encode` writes. */
  readonly schemaId: number;
  /**
   * Magic byte, schema id and body in a buffer of its own.
   *
   * @throws AppError INVALID_VALUE where the value does not fit the schema, TOO_LONG above 1 MiB
   */
  encode(value: T): Buffer;
  /** @throws PoisonError where the bytes are at fault, UnknownSchemaError where the schema id is not prepared */
  decode(bytes: Buffer | null): T;
  /**
   * Prepares a schema id that `decode` did not know.
   *
   * @returns `missing` only where the registry itself says that there is no such id
   * @throws AppError REGISTRY_UNAVAILABLE (retry) or SCHEMA_MISMATCH (this reader cannot read that writer)
   */
  resolveSchema(schemaId: number): Promise<'known' | 'missing'>;
}

/** The prepared schemas of one subject; `resolveSchema` adds to them while records are being decoded. */
export interface Readers {
  /** Newest bundled schema: all is written as it and read into its shape. */
  type: Type;
  byId: Map<number, Pick<AvroType, '_read'>>;
  /** Ids that the registry knows, of other subjects. */
  foreignIds: Set<number>;
}

/** What one record type needs beside Avro; see command-kind.ts. */
export interface Shape<T> {
  /** Index of the payload branch of a value that is about to be written; -1 where there is none. */
  branchOf(value: T): number;
  /** Whether a value that was read says the same twice. */
  isConsistent(value: T): boolean;
}

/** Prepared schemas that read `writerId` without resolving. */
export function createReaders(schema: object, writerId: number): Readers {
  const type = compileSchema(schema);
  return { type, byId: new Map([[writerId, internalsOf(type)]]), foreignIds: new Set() };
}

/**
 * Prepares another version of the subject.
 *
 * @throws AppError SCHEMA_MISMATCH where the bundled schema cannot read it
 */
export function addWriter(readers: Readers, subject: string, schemaId: number, schema: object): void {
  const writer = compileSchema(schema);
  try {
    const same = writer.fingerprint().equals(readers.type.fingerprint());
    readers.byId.set(schemaId, same ? internalsOf(readers.type) : resolverOf(readers.type, writer));
  } catch (error) {
    const reason = `id ${schemaId} cannot be read by the schema of this build (${(error as Error).message})`;
    throw new AppError('SCHEMA_MISMATCH', { subject, reason }, { cause: error });
  }
}

/** One codec over prepared schemas. */
export function createCodec<T>(
  deps: { readers: Readers; shape: Shape<T> } & Pick<Codec<T>, 'schemaId' | 'resolveSchema'>,
): Codec<T> {
  const { readers, shape, schemaId } = deps;
  const type = internalsOf(readers.type);
  const writeTap = new WriteTap();
  const readTap = new ReadTap();

  function encode(value: T): Buffer {
    writeTap.begin(schemaId);
    writeTap.branch = shape.branchOf(value);
    try {
      type._write(writeTap, value);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('INVALID_VALUE', { schemaId }, { cause: error });
    }
    return writeTap.take();
  }

  function decode(bytes: Buffer | null): T {
    const id = readFrame(bytes);
    const reader = readers.byId.get(id);
    if (reader === undefined) {
      throw readers.foreignIds.has(id) ? new PoisonError('WRONG_SUBJECT', id) : new UnknownSchemaError(id);
    }
    readTap.begin(bytes as Buffer, FRAME_BYTES, id);
    let value: T;
    try {
      value = reader._read(readTap) as T;
      readTap.end();
    } catch (error) {
      // Whatever avsc throws follows from these bytes and this schema alone: another try could only throw it again.
      throw error instanceof PoisonError ? error : new PoisonError('INVALID_VALUE', id, { cause: error });
    }
    if (!shape.isConsistent(value)) throw new PoisonError('TYPE_MISMATCH', id);
    return value;
  }

  return { schemaId, encode, decode, resolveSchema: deps.resolveSchema };
}
