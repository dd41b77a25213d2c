import avro, { type Type } from 'avsc';
import type { AvroDecoder } from './avro-decoder.ts';
import type { AvroEncoder } from './avro-encoder.ts';

/**
 * The internal methods of avsc's types. Its typings lack them. These methods have not changed since 5.0, and we
 * pin the exact version.
 */
export interface AvroType {
  _read(decoder: AvroDecoder): unknown;
  _write(encoder: AvroEncoder, value: unknown): void;
  _skip(decoder: AvroDecoder): void;
}

interface Resolver {
  _read(decoder: AvroDecoder): unknown;
}

type ResolverOptions = Parameters<Type['createResolver']>[1];

type Schema = Parameters<typeof Type.forSchema>[0];
type Options = Record<string, unknown>;

/**
 * Compiles a schema to an avsc type with three changes. Arrays and maps check their counts before they
 * allocate. Nullable fields have a fast path. Unions of records hold plain records.
 *
 * @param schema a parsed .avsc
 * @returns a type to use with our decoder and encoder, through `internalsOf`
 */
export function compileSchema(schema: object): Type {
  return avro.Type.forSchema(schema as Schema, { omitRecordMethods: true, typeHook });
}

/** The methods of a type that take our decoder and encoder. */
export function internalsOf(type: Type): AvroType {
  return type as unknown as AvroType;
}

/**
 * Reads values of the schema `writer` as values of the schema `reader`.
 *
 * @throws Error if Avro's rules do not let this reader read that writer
 */
export function resolverOf(reader: Type, writer: Type): Pick<AvroType, '_read'> {
  return reader.createResolver(writer) as unknown as Resolver;
}

/** Maps each branch name of a command's `payload` to the index and record class of the branch. */
export function payloadBranchesOf(type: Type): Map<string, { index: number; record: unknown }> {
  const payload = (type as avro.types.RecordType).field('payload').type as avro.types.WrappedUnionType;
  return new Map(
    payload.types.map((branch, index) => {
      const name = branch.name?.split('.').at(-1) ?? '';
      return [name, { index, record: (branch as avro.types.RecordType).recordConstructor }];
    }),
  );
}

function typeHook(schema: unknown, options: unknown): Type | undefined {
  const opts = options as Options;
  if (Array.isArray(schema)) {
    if (schema.length === 2 && schema.includes('null')) return nullableType(schema as Schema, opts);
    if (schema.length > 1 && schema.every(isRecord)) return recordUnionType(schema as Schema, opts);
    return undefined;
  }
  const kind = (schema as { type?: unknown }).type;
  if (kind === 'array') return arrayType(schema as Schema, opts);
  if (kind === 'map') throw new Error('maps are not read by this codec: use an array of key and value');
  return undefined;
}

function isRecord(schema: unknown): boolean {
  return (schema as { type?: unknown }).type === 'record';
}

// avsc freezes its instances, so each of our types keeps its state in a closure around its own class.

function arrayType(schema: Schema, opts: Options): Type {
  let readItems: (decoder: AvroDecoder) => unknown[];
  class GuardedArray extends avro.types.ArrayType {
    _read(decoder: AvroDecoder): unknown[] {
      return readItems(decoder);
    }

    _skip(decoder: AvroDecoder): void {
      readItems(decoder);
    }

    _update(resolver: Resolver, writer: Type, resolverOptions: ResolverOptions): void {
      if (writer.typeName !== 'array') return;
      const writerItems = (writer as avro.types.ArrayType).itemsType;
      const items = this.itemsType.createResolver(writerItems, resolverOptions);
      resolver._read = arrayReader(items as unknown as Resolver, bytesMin(writerItems));
    }
  }
  const type = new GuardedArray(schema, opts);
  readItems = arrayReader(internalsOf(type.itemsType), bytesMin(type.itemsType));
  return type;
}

function arrayReader(items: Resolver, itemBytesMin: number): (decoder: AvroDecoder) => unknown[] {
  return (decoder) => {
    const values: unknown[] = [];
    for (let count = decoder.readBlock(itemBytesMin); count > 0; count = decoder.readBlock(itemBytesMin)) {
      // An inner array has its own blocks, so this array keeps a copy of its end.
      const end = decoder.blockEnd;
      for (let at = 0; at < count; at++) values.push(items._read(decoder));
      if (end >= 0 && decoder.pos !== end) decoder.refuse('INVALID_VALUE');
    }
    return values;
  };
}

function nullableType(schema: Schema, opts: Options): Type {
  let other: AvroType;
  let otherIndex: number;
  class Nullable extends avro.types.UnwrappedUnionType {
    _read(decoder: AvroDecoder): unknown {
      const index = decoder.readLong();
      if (index === otherIndex) return other._read(decoder);
      return index === 1 - otherIndex ? null : decoder.refuse('INVALID_VALUE');
    }

    _skip(decoder: AvroDecoder): void {
      const index = decoder.readLong();
      if (index === otherIndex) other._skip(decoder);
      else if (index !== 1 - otherIndex) decoder.refuse('INVALID_VALUE');
    }

    _write(encoder: AvroEncoder, value: unknown): void {
      if (value === null) {
        encoder.writeLong(1 - otherIndex);
      } else {
        encoder.writeLong(otherIndex);
        other._write(encoder, value);
      }
    }
  }
  const type = new Nullable(schema, opts);
  otherIndex = type.types[0]?.typeName === 'null' ? 1 : 0;
  other = internalsOf(type.types[otherIndex] as Type);
  return type;
}

/**
 * avsc would wrap the record as `{"its.full.Name": record}`. Our type reads the branch from the encoder
 * instead.
 */
function recordUnionType(schema: Schema, opts: Options): Type {
  let branches: AvroType[];
  class RecordUnion extends avro.types.WrappedUnionType {
    _read(decoder: AvroDecoder): unknown {
      return (branches[decoder.readLong()] ?? decoder.refuse('INVALID_VALUE'))._read(decoder);
    }

    _skip(decoder: AvroDecoder): void {
      (branches[decoder.readLong()] ?? decoder.refuse('INVALID_VALUE'))._skip(decoder);
    }

    _write(encoder: AvroEncoder, value: unknown): void {
      const branch = branches[encoder.branch];
      if (branch === undefined) throw new Error(`no payload branch ${encoder.branch}`);
      encoder.writeLong(encoder.branch);
      branch._write(encoder, value);
    }

    /** Called once per branch of the writer. Uses the first of our branches that can read it. */
    _update(resolver: Resolver, writer: Type, resolverOptions: ResolverOptions): void {
      for (const branch of this.types) {
        try {
          resolver._read = (branch.createResolver(writer, resolverOptions) as unknown as Resolver)._read;
          return;
        } catch {
          // This branch cannot read it. avsc offers no other check. If no branch can, avsc reports an error for
          // the whole union.
        }
      }
    }
  }
  const type = new RecordUnion(schema, opts);
  branches = type.types.map(internalsOf);
  return type;
}

/** The minimum bytes of a value of the type. */
function bytesMin(type: Type): number {
  switch (type.typeName) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return (type as avro.types.FixedType).size;
    case 'record':
      return (type as avro.types.RecordType).fields.reduce((sum, field) => sum + bytesMin(field.type), 0);
    default:
      // A number, a length, a count or an index is a varint of at least one byte. A recursive type ends here,
      // at its union.
      return 1;
  }
}
