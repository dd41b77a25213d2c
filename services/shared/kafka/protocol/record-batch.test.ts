import fc from 'fast-check';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { encodeBatch, encodeHeaders, recordSizeBound } from './record-batch.ts';
import { readHeadersOnce } from './record-headers.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const headerName = fc.string({ minLength: 1, maxLength: 30 }).filter((name) => name !== '__proto__');
const message = fc.record({
  key: fc.option(bytes(40)),
  value: fc.option(bytes(600)),
  headers: fc.dictionary(
    headerName,
    fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }).map(wellFormed), bytes(80)),
    {
      noNullPrototype: true,
    },
  ),
  timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
});

// kafkajs's own header decoder mishandles names that are also methods of every object.
beforeAll(readHeadersOnce);

describe('encodeBatch', () => {
  it('decodes to the same messages with kafkajs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 60 }), async (messages) => {
        const batch = await decodeBatch(new Decoder(encodeBatch(messages)));
        expect(batch.lastOffsetDelta).toBe(messages.length - 1);
        expect(batch.producerId).toBe('-1');
        expect(batch.maxTimestamp).toBe(String(Math.max(...messages.map((each) => each.timestampMs))));
        expect(batch.records.map(plain)).toEqual(
          messages.map((each, i) => ({ ...plainOf(each), offset: String(i) })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('contains the length and checksum of the bytes after them', () => {
    const batch = encodeBatch([{ key: null, value: Buffer.from('v'), headers: { a: 'b' }, timestampMs: 1 }]);
    expect(batch.readInt32BE(8)).toBe(batch.length - 12);
    expect(batch.readUInt32BE(17)).toBe(crc32c(batch.subarray(21)));
  });

  it('encodes only the requested slice', async () => {
    const messages = ['a', 'b', 'c'].map((value) => ({
      key: null,
      value: Buffer.from(value),
      headers: {},
      timestampMs: 5,
    }));
    const { records } = await decodeBatch(new Decoder(encodeBatch(messages, 1, 3)));
    expect(records.map((record) => String(record.value))).toEqual(['b', 'c']);
  });

  it('names the transactional producer and the sequence of its first record', async () => {
    const one = { key: null, value: Buffer.from('v'), headers: {}, timestampMs: 5 };
    const producer = { id: 4_294_967_301n, epoch: 7, firstSequence: 1_000 };
    const bytes = encodeBatch([one, one], 0, 2, producer);
    const batch = await decodeBatch(new Decoder(bytes));
    expect(batch.producerId).toBe('4294967301');
    expect(batch).toMatchObject({ inTransaction: true, producerEpoch: 7, firstSequence: 1_000 });
    expect(batch.records.map(({ value }) => String(value))).toEqual(['v', 'v']);
    expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)));
  });

  it('accepts an encoded block of headers, with more headers after it', async () => {
    const block = encodeHeaders({ ce_specversion: '1.0', 'content-type': 'application/avro' });
    const one = { key: null, value: null, timestampMs: 0, headers: { ...block, more: { ce_id: '3-7' } } };
    const { records } = await decodeBatch(new Decoder(encodeBatch([one])));
    const headers = Object.fromEntries(
      Object.entries(records[0]!.headers).map(([name, value]) => [name, String(value)]),
    );
    expect(headers).toEqual({ ce_specversion: '1.0', 'content-type': 'application/avro', ce_id: '3-7' });
  });

  it('is never larger than the size that the queues add up', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 30 }), (messages) => {
        const sameTime = messages.map((each) => ({ ...each, timestampMs: 1_700_000_000_000 }));
        const bound = sameTime.reduce((sum, each) => sum + recordSizeBound(each), 0);
        expect(encodeBatch(sameTime).length - 61).toBeLessThanOrEqual(bound);
      }),
    );
  });
});

/** UTF-8 has no lone surrogates, so a text with one cannot be written. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}

function plainOf(each: {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string | Buffer>;
  timestampMs: number;
}) {
  return {
    key: hex(each.key),
    value: hex(each.value),
    timestamp: String(each.timestampMs),
    headers: hexAll(each.headers),
  };
}

function plain(record: Awaited<ReturnType<typeof decodeBatch>>['records'][number]) {
  const { key, value, timestamp, offset, headers } = record;
  return { key: hex(key), value: hex(value), timestamp, headers: hexAll(headers), offset };
}

function hex(value: Buffer | string | null | undefined): string | null {
  return value === null || value === undefined ? null : Buffer.from(value as string).toString('hex');
}

function hexAll(headers: Record<string, unknown>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hex(value as Buffer)]));
}
