import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  COMMANDS_SUBJECT,
  newestSchema,
  type OrderCommand,
  type SchemaEntry,
  schemaCatalogue,
} from '../../../schemas/index.ts';
import { readGoldenFiles } from '../../../schemas/tools/golden-files.ts';
import { AvroDecoder } from './avro-decoder.ts';
import { compileSchema, internalsOf, resolverOf } from './avro-types.ts';
import { addWriter, createReaders } from './codec.ts';
import { FRAME_BYTES } from './frame.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const golden = readGoldenFiles(root);

/** Decodes every golden example of one version with the reader `hands`. */
function readGolden(
  subject: string,
  version: number,
  hands: { _read(decoder: AvroDecoder): unknown },
): unknown[] {
  const files = golden.filter((file) => file.subject === subject && file.version === version);
  expect(files.length).toBeGreaterThan(0);
  return files.map(({ body }) => {
    const decoder = new AvroDecoder();
    decoder.begin(Buffer.concat([Buffer.alloc(FRAME_BYTES), body ?? Buffer.alloc(0)]), FRAME_BYTES, 1);
    const value = hands._read(decoder);
    decoder.end();
    return value;
  });
}

/**
 * The pairs of versions to check. A reader must read older records, and newer records too if both directions
 * are promised.
 */
const pairs = schemaCatalogue.flatMap((writer) =>
  schemaCatalogue
    .filter((reader) => reader.subject === writer.subject)
    .filter((reader) => reader.version >= writer.version || writer.compatibility === 'FULL_TRANSITIVE')
    .map((reader) => ({ subject: writer.subject, writer, reader })),
);

describe('every pair of versions', () => {
  it.each(pairs)('of $subject: $reader.version reads $writer.version', ({ subject, writer, reader }) => {
    const compiled = compileSchema(reader.schema);
    readGolden(subject, writer.version, resolverOf(compiled, compileSchema(writer.schema)));
    if (reader === writer) readGolden(subject, writer.version, internalsOf(compiled));
  });
});

/**
 * A reader of version 1 would drop the new fields of version 2 without notice. A cancel of one line would become a
 * cancel of the whole order. The new branches prevent this: the lane of the reader waits for a newer worker.
 */
it('a reader of version 1 of the commands refuses version 2 as a whole', () => {
  const [first, second] = schemaCatalogue.filter(({ subject }) => subject === COMMANDS_SUBJECT);
  expect([first?.version, second?.version]).toEqual([1, 2]);
  const readers = createReaders(first!.schema, 1);
  expect(() => addWriter(readers, COMMANDS_SUBJECT, 2, second!.schema)).toThrow(
    expect.objectContaining({ code: 'SCHEMA_MISMATCH' }),
  );
  expect([...readers.byId.keys()]).toEqual([1]);
});

it('a command of version 1 is read with the defaults of version 2', () => {
  const writer = schemaCatalogue.find(({ subject }) => subject === COMMANDS_SUBJECT)!;
  const reader = compileSchema(newestSchema(COMMANDS_SUBJECT).schema);
  const commands = readGolden(COMMANDS_SUBJECT, 1, resolverOf(reader, compileSchema(writer.schema)));
  const payloads = new Map((commands as OrderCommand[]).map(({ type, payload }) => [type, payload]));
  for (const { sealed } of commands as OrderCommand[]) expect(sealed).toBeNull();
  expect(payloads.get('CANCEL')).toMatchObject({ lines: [] });
  expect(payloads.get('CONFIRM_PAYMENT')).toMatchObject({
    providerPaymentId: null,
    kind: 'CAPTURED',
    reference: null,
  });
  expect(payloads.get('FAIL_PAYMENT')).toMatchObject({ final: true });
  expect(payloads.get('RETURN')).toMatchObject({ lines: [], refund: true });
});

describe('the check of pairs', () => {
  type Fields = { fields: { name: string; type: unknown; default?: unknown }[] };
  const current = schemaCatalogue.findLast(({ subject }) =>
    subject.startsWith('orders.events'),
  ) as SchemaEntry;
  const { fields, ...rest } = current.schema as Fields;
  const changed = (change: (all: Fields['fields']) => Fields['fields']) => ({
    ...rest,
    fields: change(fields),
  });
  const reads = (reader: object, writer: object) =>
    readGolden(current.subject, current.version, resolverOf(compileSchema(reader), compileSchema(writer)));

  it('accepts a new field with a default, for old and new readers', () => {
    const newer = changed((all) => [...all, { name: 'channel', type: ['null', 'string'], default: null }]);
    expect(reads(newer, current.schema)[0]).toMatchObject({ channel: null });
    // The bytes come from the old writer, so this direction only checks that the schemas are compatible.
    expect(() => resolverOf(compileSchema(current.schema), compileSchema(newer))).not.toThrow();
  });

  it.each<[string, object, 'old records' | 'old readers']>([
    [
      'a field without a default',
      changed((all) => [...all, { name: 'channel', type: 'string' }]),
      'old records',
    ],
    [
      'another type',
      changed((all) => swap(all, 'version', { name: 'version', type: 'string' })),
      'old records',
    ],
    ['a removed field', changed((all) => all.filter(({ name }) => name !== 'eventId')), 'old readers'],
  ])('refuses %s', (_what, newer, broken) => {
    const [reader, writer] = broken === 'old records' ? [newer, current.schema] : [current.schema, newer];
    expect(() => resolverOf(compileSchema(reader), compileSchema(writer))).toThrow();
  });

  function swap(all: Fields['fields'], name: string, by: Fields['fields'][number]): Fields['fields'] {
    return all.map((field) => (field.name === name ? by : field));
  }
});

const readersFolder = join(root, 'schemas', 'readers');
const readers = readdirSync(readersFolder, { recursive: true, encoding: 'utf8' })
  .map((path) => /^([^/]+)\/(.+)\.avsc$/.exec(path.replaceAll('\\', '/')))
  .filter((match) => match !== null)
  .map(([path, subject = '', name]) => ({
    subject,
    name,
    schema: JSON.parse(readFileSync(join(readersFolder, path), 'utf8')) as object,
  }));

describe('known readers', () => {
  it.each(readers)('$name reads every version of $subject', ({ subject, schema }) => {
    const versions = schemaCatalogue.filter((entry) => entry.subject === subject);
    expect(versions.length).toBeGreaterThan(0);
    for (const { version, schema: writer } of versions) {
      readGolden(subject, version, resolverOf(compileSchema(schema), compileSchema(writer)));
    }
  });

  it('would break with a removed field', () => {
    const counter = readers.find(({ name }) => name === 'outcome-counter');
    const entry = schemaCatalogue.find(({ subject }) => subject === counter?.subject);
    const schema = entry?.schema as { fields: { name: string }[] };
    const without = { ...schema, fields: schema.fields.filter(({ name }) => name !== 'prevSourceOffset') };
    expect(() => resolverOf(compileSchema(counter?.schema as object), compileSchema(without))).toThrow(
      'prevSourceOffset',
    );
  });
});
