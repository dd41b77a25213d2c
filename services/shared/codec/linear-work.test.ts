/**
 * Any producer of a topic can send any bytes. The work per record must grow at most linearly with its bytes.
 */
import { describe, expect, test } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import {
  isLinear,
  longestHoldMs,
  measureGrowth,
  type Prepare,
} from '../../../tests/support/processor-time.ts';
import { AvroDecoder } from './avro-decoder.ts';
import { compileSchema, internalsOf } from './avro-types.ts';
import { bundledCodecs } from './bundled-codecs.ts';
import { PoisonError } from './poison.ts';
import { place } from './testing/values.ts';

const recordBytesMax = 1024 * 1024;

async function expectLinear(prepare: Prepare): Promise<void> {
  const growth = await measureGrowth(prepare, recordBytesMax);
  expect(isLinear(growth), JSON.stringify(growth)).toBe(true);
}

/** Reads a value of the type and ignores refusals. */
function reading(schema: object, bytes: Buffer): () => void {
  const type = internalsOf(compileSchema(schema));
  const decoder = new AvroDecoder();
  return () => {
    try {
      decoder.begin(bytes, 0, 1);
      type._read(decoder);
      decoder.end();
    } catch (error) {
      if (!(error instanceof PoisonError)) throw error;
    }
  };
}

const repeat = (size: number, ...unit: number[]): Buffer =>
  Buffer.alloc(Math.floor(size / unit.length) * unit.length, Buffer.from(unit));
const arrayOf = (items: unknown): object => ({ type: 'array', items });
const names = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] };
describe('Avro', () => {
  test.each<[string, object, (size: number) => Buffer]>([
    ['blocks of one item', arrayOf('long'), (size) => repeat(size, 2, 0)],
    ['blocks of one item that state their size', arrayOf('long'), (size) => repeat(size, 1, 2, 0)],
    ['empty blocks that state their size', arrayOf('null'), (size) => repeat(size, 1, 0)],
    ['items without bytes', arrayOf('null'), (size) => repeat(size, 0xfe, 0x7f)],
    ['counts without items', arrayOf('string'), (size) => repeat(size, 0xff)],
    ['empty strings', arrayOf('string'), (size) => repeat(size, 2, 0)],
    ['records of small strings', arrayOf(names), (size) => repeat(size, 2, 2, 65)],
    ['bytes that are not UTF-8', arrayOf('string'), (size) => repeat(size, 2, 2, 0xff)],
    ['optional values', arrayOf(['null', 'long']), (size) => repeat(size, 2, 2, 2)],
  ])('decodes %s in linear time', async (_name, schema, shape) => {
    await expectLinear((size) => reading(schema, shape(size)));
  });

  const { commands } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const orderOf = (size: number): OrderCommand => ({
    ...place,
    payload: {
      ...place.payload,
      lines: Array.from({ length: size / 24 }, (_, n) => ({
        sku: `S${n}`,
        quantity: 1,
        expectedUnitPrice: null,
      })),
      metadata: Array.from({ length: size / 48 }, (_, n) => ({ key: `k${n}`, value: '\ufffd' })),
    },
  });

  test('decodes a command above the limits of an order in linear time', async () => {
    await expectLinear((size) => {
      const bytes = commands.encode(orderOf(size));
      return () => commands.decode(bytes);
    });
  });

  test('never blocks the event loop for long on one record', async () => {
    const bytes = commands.encode(orderOf(recordBytesMax));
    const holds: number[] = [];
    // The first runs compile the code, and a busy machine takes time from some of them.
    for (let run = 0; run < 15; run++) holds.push(await longestHoldMs(async () => commands.decode(bytes)));
    // Usually a decode takes a fifth of this limit. The worker's heartbeats would tolerate twenty times as
    // much.
    expect(Math.min(...holds)).toBeLessThan(50);
  });
});
