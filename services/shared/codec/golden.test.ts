import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS_SUBJECT, schemaCatalogue } from '../../../schemas/index.ts';
import { readGoldenFiles } from '../../../schemas/tools/golden-files.ts';
import { type Codec, createCodec, createReaders, type Shape } from './codec.ts';
import { PoisonError, UnknownSchemaError } from './index.ts';
import { commandShape, plainShape } from './shapes.ts';

/** One codec for each version of each subject, with an id of its own. */
const codecs = new Map(
  schemaCatalogue.map(({ subject, version, schema }, index) => [
    `${subject} ${version}`,
    codecOf(subject, schema, index + 1),
  ]),
);

function codecOf(subject: string, schema: object, schemaId: number): Codec<unknown> {
  const readers = createReaders(schema, schemaId);
  const shape = (subject === COMMANDS_SUBJECT ? commandShape(readers.type) : plainShape()) as Shape<unknown>;
  return createCodec({ readers, shape, schemaId, resolveSchema: async () => 'missing' });
}

const golden = readGoldenFiles(join(import.meta.dirname, '..', '..', '..')).map((file) => {
  const codec = codecs.get(`${file.subject} ${file.version}`);
  if (codec === undefined) throw new Error(`no codec for ${file.subject} ${file.version}`);
  const frame = Buffer.from([0, 0, 0, 0, codec.schemaId]);
  return { ...file, codec, bytes: Buffer.concat([frame, file.body ?? Buffer.alloc(0)]) };
});

/** The only allowed results of a decode. */
function decodeOutcome(codec: Codec<unknown>, bytes: Buffer): string {
  try {
    codec.decode(bytes);
    return 'value';
  } catch (error) {
    if (error instanceof PoisonError) return error.code;
    if (error instanceof UnknownSchemaError) return 'unknown schema';
    throw error;
  }
}

describe.each(golden)('golden $path', ({ codec, value, bytes }) => {
  it('is decoded to its JSON', () => {
    expect(codec.decode(bytes)).toEqual(value);
  });

  it('is encoded to its bytes', () => {
    expect(codec.encode(value).equals(bytes)).toBe(true);
  });

  it('is refused if it is truncated anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeOutcome(codec, bytes.subarray(0, length)), `cut to ${length}`).not.toBe('value');
    }
  });

  it('with any one byte changed is a value or poison', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [0x01, 0x02, 0x40, 0x80, 0xff]) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ mask;
        decodeOutcome(codec, flipped);
      }
    }
  });
});

describe('arbitrary bytes', () => {
  it('are a value or poison', () => {
    const anyCodec = fc.constantFrom(...codecs.values());
    fc.assert(
      fc.property(anyCodec, fc.uint8Array({ maxLength: 300 }), (codec, body) => {
        decodeOutcome(codec, Buffer.concat([Buffer.from([0, 0, 0, 0, codec.schemaId]), body]));
      }),
      { numRuns: 3000 },
    );
  });

  it('inside golden messages are a value or poison', () => {
    const splice = fc.record({
      file: fc.constantFrom(...golden),
      at: fc.nat(400),
      drop: fc.nat(20),
      insert: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(splice, ({ file, at, drop, insert }) => {
        const cut = 5 + (at % (file.bytes.length - 5));
        const spliced = [file.bytes.subarray(0, cut), insert, file.bytes.subarray(cut + drop)];
        decodeOutcome(file.codec, Buffer.concat(spliced));
      }),
      { numRuns: 3000 },
    );
  });
});
