import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../errors/index.ts';
import { firstHeaders, headerOf } from '../fetched-record.ts';
import type { OutHeaders } from '../types.ts';
import { encodeBatch, encodeHeaders } from './record-batch.ts';
import { type AbortedTransaction, readRecordSet } from './record-reader.ts';

interface BatchChange {
  baseOffset?: number;
  attributes?: number;
  producerId?: bigint;
}

const transactional = 0b10000;
const control = 0b110000;

interface Message {
  key: Buffer | null;
  value: Buffer | null;
  headers: OutHeaders;
  timestampMs: number;
}

/** Length and text, as in the header block of a record. */
function lengthAnd(text: string | null): Buffer {
  return text === null
    ? Buffer.from([1])
    : Buffer.concat([Buffer.from([2 * text.length]), Buffer.from(text)]);
}

function message(value: string, change: Partial<Message> = {}): Message {
  return { key: null, value: Buffer.from(value), headers: {}, timestampMs: 1_000, ...change };
}

/** A batch as a broker returns it, with offsets and the producer. */
function stored(messages: readonly Message[], change: BatchChange = {}): Buffer {
  const { baseOffset = 0, attributes = 0, producerId = -1n } = change;
  const bytes = encodeBatch(messages);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeBigInt64BE(producerId, 43);
  return bytes;
}

/** The control record at the end of a transaction. */
function marker(baseOffset: number, producerId: bigint, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  return stored([message('', { key, value: Buffer.alloc(6) })], {
    baseOffset,
    producerId,
    attributes: control,
  });
}

function packed(batch: Buffer, codec: number, pack: (bytes: Buffer) => Buffer): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, 61), pack(batch.subarray(61))]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(codec, 21);
  return bytes;
}

function read(batches: readonly Buffer[], from = 0n, aborted: readonly AbortedTransaction[] = []) {
  const { records, next } = readRecordSet(Buffer.concat(batches), 't', 3, from, aborted);
  return { records, next, values: records.map(({ offset, value }) => `${offset} ${value}`) };
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const messages = fc.array(
  fc.record({
    key: fc.option(bytes(40)),
    value: fc.option(bytes(300)),
    headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 30 }), bytes(80), { noNullPrototype: true }),
    timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('readRecordSet', () => {
  it('returns the messages from the requested offset on', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 4 }), fc.nat({ max: 60 }), (lists, from) => {
        const all = lists.flat();
        let baseOffset = 0;
        const batches = lists.map((list) => {
          const batch = stored(list, { baseOffset });
          baseOffset += list.length;
          return batch;
        });
        const { records, next } = read(batches, BigInt(from));
        expect(records.map(({ topic, partition }) => `${topic}-${partition}`)).toEqual(
          records.map(() => 't-3'),
        );
        expect(
          records.map(({ key, value, headers, timestampMs, offset }) => ({
            key,
            value,
            timestampMs,
            headers: { ...headers },
            offset,
          })),
        ).toEqual(all.map((each, index) => ({ ...each, offset: BigInt(index) })).slice(from));
        expect(next).toBe(BigInt(Math.max(from, all.length)));
      }),
    );
  });

  it('reads the same as kafkajs', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (list) => {
        const batch = stored(list, { baseOffset: 7 });
        const theirs = (await decodeBatch(new Decoder(batch))).records;
        expect(
          read([batch]).records.map(({ key, value, timestampMs, offset }) => [
            key,
            value,
            timestampMs,
            offset,
          ]),
        ).toEqual(
          theirs.map((their) => [their.key, their.value, Number(their.timestamp), BigInt(their.offset)]),
        );
      }),
    );
  });

  it('leaves a truncated batch for the next fetch', () => {
    const batches = [stored([message('a')]), stored([message('b'), message('c')], { baseOffset: 1 })];
    const whole = Buffer.concat(batches);
    for (let length = 0; length < whole.length; length++) {
      const { values, next } = read([whole.subarray(0, length)]);
      expect([values, next]).toEqual(length < batches[0]!.length ? [[], 0n] : [['0 a'], 1n]);
    }
  });

  it('skips a batch that compaction has emptied', () => {
    const empty = stored([message('')], { baseOffset: 5 }).subarray(0, 61);
    empty.writeInt32BE(61 - 12, 8);
    empty.writeInt32BE(3, 23);
    empty.writeInt32BE(0, 57);
    expect(read([empty], 5n)).toMatchObject({ records: [], next: 9n });
  });

  it('uses the log append time if the topic is configured so', () => {
    const batch = stored([message('a', { timestampMs: 5 }), message('b', { timestampMs: 9 })], {
      attributes: 0b1000,
    });
    expect(read([batch]).records.map(({ timestampMs }) => timestampMs)).toEqual([9, 9]);
  });

  it.each([
    ['gzip', 1, gzipSync],
    ['zstd', 4, zstdCompressSync],
  ] as const)('unpacks %s', (_name, codec, pack) => {
    expect(read([packed(stored([message('a'), message('b')]), codec, pack)]).values).toEqual(['0 a', '1 b']);
  });

  it.each([
    ['snappy', 2],
    ['lz4', 3],
  ])('reports that it does not support %s', (name, codec) => {
    expect(() => read([packed(stored([message('a')]), codec, (plain) => plain)])).toThrow(name);
  });

  it('refuses a decompression bomb', () => {
    const bomb = packed(stored([message('a')]), 1, () => gzipSync(Buffer.alloc(65 * 1024 * 1024)));
    expect(() => read([bomb])).toThrow('offset 0 of t-3');
  });
});

describe('transactions', () => {
  const one = 1n;
  const other = 2n;
  const of = (producerId: bigint, baseOffset: number, ...values: string[]) =>
    stored(
      values.map((value) => message(value)),
      { baseOffset, producerId, attributes: transactional },
    );

  it('are omitted with their control records if they were aborted', () => {
    const log = [of(one, 0, 'x', 'y'), stored([message('a')], { baseOffset: 2 }), marker(3, one, 'abort')];
    expect(read(log, 0n, [{ producerId: one, firstOffset: 0n }])).toMatchObject({
      values: ['2 a'],
      next: 4n,
    });
  });

  it('of one producer are distinguished, and transactions of others are read', () => {
    const log = [
      of(one, 0, 'x'),
      of(other, 1, 'a'),
      marker(2, one, 'abort'),
      of(one, 3, 'b'),
      marker(4, one, 'commit'),
      of(one, 5, 'y'),
      marker(6, other, 'commit'),
      marker(7, one, 'abort'),
      stored([message('c')], { baseOffset: 8, producerId: one }),
    ];
    const aborted = [
      { producerId: one, firstOffset: 5n },
      { producerId: one, firstOffset: 0n },
    ];
    expect(read(log, 0n, aborted).values).toEqual(['1 a', '3 b', '8 c']);
  });

  it('are recognized even if the fetch starts in their middle', () => {
    const log = [of(one, 0, 'x', 'y', 'z'), marker(3, one, 'abort'), of(one, 4, 'a')];
    expect(read(log, 1n, [{ producerId: one, firstOffset: 0n }]).values).toEqual(['4 a']);
  });

  it('are skipped if they have only a control record', () => {
    expect(read([marker(9, one, 'commit')], 9n)).toMatchObject({ records: [], next: 10n });
  });
});

describe('headers', () => {
  const headersOf = (headers: Message['headers']) =>
    read([stored([message('v', { headers })])]).records[0]!.headers;

  it('with unusual names are ordinary headers', () => {
    const odd = JSON.parse('{"__proto__":"a","valueOf":"b","constructor":"c","":"d"}') as Record<
      string,
      string
    >;
    expect(Object.entries(headersOf(odd)).map(([name, value]) => [name, String(value)])).toEqual(
      Object.entries(odd),
    );
  });

  it('in great number take linear time', () => {
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`h${n}`, `${n}`]));
    const { user } = process.cpuUsage();
    expect(String(headersOf(many)['h59999'])).toBe('59999');
    expect((process.cpuUsage().user - user) / 1_000).toBeLessThan(1_000);
  });

  it('are found one by one as in a full read, also after a malformed one', () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'os-crc32', '__proto__', '');
    const lists = fc.array(fc.tuple(name, fc.option(fc.stringMatching(/^[a-z]{0,3}$/))), { maxLength: 8 });
    const damage = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })));
    fc.assert(
      fc.property(lists, damage, (list, change) => {
        const parts = list.map(([each, value]) => Buffer.concat([lengthAnd(each), lengthAnd(value)]));
        const block = Buffer.concat(parts);
        if (change !== null && block.length > 0) block[change[0] % block.length] = change[1];
        const headers = { encodedHeaders: block, headerCount: list.length };
        const batch = stored([{ ...message('v'), headers }, message('w', { headers: { a: 'other' } })]);
        const one = () => read([batch]).records[0]!;
        for (const each of ['a', 'b', 'ab', 'os-crc32', '__proto__', '', 'c'])
          expect(headerOf(one(), each)).toEqual(one().headers[each]);
        expect(firstHeaders(one(), 100)).toEqual({ headers: one().headers, omitted: 0 });
      }),
    );
  });

  it('end with their record, even if it claims more', () => {
    const claims = { ...encodeHeaders({ a: '1' }), headerCount: 50 };
    const batch = stored([{ ...message('v'), headers: claims }, message('w', { headers: { b: '2' } })]);
    const [first] = read([batch]).records;
    expect(Object.keys(first!.headers)).toEqual(['a']);
    expect(headerOf(first!, 'b')).toBeUndefined();
  });

  it('beyond the requested number are counted', () => {
    const headers = { a: '1', b: '2', c: '3' };
    const [first] = read([stored([message('v', { headers })])]).records;
    for (const record of [first!, { headers }]) {
      const { headers: kept, omitted } = firstHeaders(record, 2);
      expect([Object.keys(kept), omitted]).toEqual([['a', 'b'], 1]);
    }
  });

  it('count up to a malformed one, which does not prevent later records', () => {
    const batch = stored([message('v', { headers: { a: '1', b: '2' } }), message('w')]);
    const at = batch.indexOf('b', 61) - 1;
    batch[at] = 0x7e;
    const [first, second] = read([batch]).records;
    expect(Object.entries(first!.headers).map(([name, value]) => [name, String(value)])).toEqual([
      ['a', '1'],
    ]);
    expect(String(second!.value)).toBe('w');
  });
});

it('any bytes are read or refused', () => {
  const hostile = fc.tuple(
    messages,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(hostile, ([list, changes]) => {
      const batch = stored(list);
      for (const [at, value] of changes) batch[at % batch.length] = value;
      try {
        for (const { headers } of readRecordSet(batch, 't', 0, 0n, []).records)
          expect(headers).toBeTypeOf('object');
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 2_000 },
  );
});
