import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeaders } from '../shared/kafka/index.ts';
import { decodeMessages, encodeMessages, type StoredMessage } from './outbox-format.ts';

const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const anyMessage: fc.Arbitrary<StoredMessage> = fc.record({
  topic: fc.constantFrom('orders.events.v1', 'orders.commands.v1.dlq'),
  partition: fc.nat({ max: 65_535 }),
  key: fc.option(anyBytes),
  value: fc.option(anyBytes),
  headers: fc.dictionary(fc.string({ maxLength: 8 }), anyBytes, { maxKeys: 4 }).map(encodeHeaders),
  timestampMs: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
});
const anyMessages = fc.array(anyMessage, { maxLength: 6 });

describe('the outbox format', () => {
  it('returns all messages unchanged, and distinguishes null from empty', () => {
    fc.assert(
      fc.property(anyMessages, (messages) => {
        expect(decodeMessages(encodeMessages(messages))).toEqual(messages);
      }),
    );
  });

  it('refuses a truncated row, unless it ends between two messages', () => {
    fc.assert(
      fc.property(anyMessages, fc.nat(), (messages, at) => {
        const blob = encodeMessages(messages);
        const ends = new Set(messages.map((_, count) => encodeMessages(messages.slice(0, count)).length));
        const length = 1 + (at % blob.length);
        fc.pre(length < blob.length && !ends.has(length));
        expect(() => decodeMessages(blob.subarray(0, length))).toThrow('ends within a message');
      }),
    );
  });

  it('keeps as many headers as a record can have', () => {
    const names = Array.from({ length: 70_000 }, (_, index) => [`h${index}`, ''] as const);
    const headers = encodeHeaders(Object.fromEntries(names));
    const message = { topic: 't', partition: 0, key: null, value: null, headers, timestampMs: 0 };
    expect(decodeMessages(encodeMessages([message]))[0]?.headers.headerCount).toBe(70_000);
  });

  it('reads rows of version 1, which counted headers in two bytes', () => {
    const { encodedHeaders, headerCount } = encodeHeaders({ a: 'b' });
    const blob = Buffer.concat([
      Buffer.from([1, 0, 1]),
      Buffer.from('t'),
      Buffer.from([0, 7]),
      doubleOf(5),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 9]),
      Buffer.from([0, headerCount, 0, 0, 0, encodedHeaders.length]),
      encodedHeaders,
    ]);
    expect(decodeMessages(blob)).toEqual([
      {
        topic: 't',
        partition: 7,
        key: null,
        value: Buffer.from([9]),
        headers: { encodedHeaders, headerCount },
        timestampMs: 5,
      },
    ]);
  });

  it.each([0, 3, 255])('refuses a row of version %i', (version) => {
    expect(() => decodeMessages(Buffer.from([version, 0, 0]))).toThrow(`format ${version}`);
  });
});

function doubleOf(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer;
}
