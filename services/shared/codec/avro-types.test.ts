import { describe, expect, it } from 'vitest';
import { AvroDecoder } from './avro-decoder.ts';
import { AvroEncoder } from './avro-encoder.ts';
import { compileSchema, internalsOf, resolverOf } from './avro-types.ts';
import { PoisonError } from './poison.ts';

const record = (name: string, fields: unknown[]) => ({ type: 'record', name, fields });

/** The bytes of `value`, after free space for a frame. */
function write(schema: object, value: unknown): Buffer {
  const encoder = new AvroEncoder();
  encoder.begin(7);
  encoder.branch = 0;
  internalsOf(compileSchema(schema))._write(encoder, value);
  return encoder.take();
}

function read(hands: { _read(decoder: AvroDecoder): unknown }, bytes: Buffer): unknown {
  const decoder = new AvroDecoder();
  decoder.begin(bytes, 5, 7);
  const value = hands._read(decoder);
  decoder.end();
  return value;
}

const body = (...bytes: number[]) => Buffer.from([0, 0, 0, 0, 7, ...bytes]);

describe('items without bytes', () => {
  const empties = record('R', [{ name: 'xs', type: { type: 'array', items: record('Nothing', []) } }]);
  const hands = internalsOf(compileSchema(empties));

  it('are read if the count is correct', () => {
    expect(read(hands, body(2, 0))).toEqual({ xs: [{}] });
  });

  it('cannot be more than the bytes of the message, over all blocks', () => {
    expect(() => read(hands, body(0x80, 0xe1, 0xeb, 0x2f, 0))).toThrow(PoisonError);
    expect(() => read(hands, body(4, 4, 4, 0))).toThrow(expect.objectContaining({ code: 'COUNT_TOO_LARGE' }));
  });
});

describe('a nullable field', () => {
  const nullable = record('R', [{ name: 'x', type: ['null', 'string'] }]);
  const hands = internalsOf(compileSchema(nullable));

  it('is read from both branches', () => {
    expect(read(hands, body(0))).toEqual({ x: null });
    expect(read(hands, body(2, 2, 65))).toEqual({ x: 'A' });
  });

  it.each([[1], [3], [4], [0x80, 0x80, 0x80, 0x80, 0x20]])('refuses branch bytes %j', (...bytes) => {
    expect(() => read(hands, body(...bytes))).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    const skipping = resolverOf(compileSchema(record('R', [])), compileSchema(nullable));
    expect(() => read(skipping, body(...bytes))).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});

describe('a reader of another version', () => {
  const line = record('Line', [
    { name: 'sku', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ]);
  const writer = record('R', [
    { name: 'gone', type: { type: 'array', items: line } },
    { name: 'kept', type: ['null', { type: 'array', items: 'Line' }] },
    { name: 'what', type: [record('A', [{ name: 'a', type: 'int' }]), record('B', [])] },
  ]);
  const reader = record('R', [
    {
      name: 'kept',
      type: ['null', { type: 'array', items: record('Line', [{ name: 'sku', type: 'string' }]) }],
    },
    {
      name: 'what',
      type: [
        record('A', [
          { name: 'a', type: 'int' },
          { name: 'b', type: 'string', default: 'new' },
        ]),
        record('B', []),
        record('C', []),
      ],
    },
  ]);
  const lines = [{ sku: 'x', tags: ['1', '2'] }];
  const bytes = write(writer, { gone: lines, kept: lines, what: { a: 5 } });
  const resolver = resolverOf(compileSchema(reader), compileSchema(writer));

  it('skips unknown fields and sets missing ones to their defaults', () => {
    expect(read(resolver, bytes)).toEqual({ kept: [{ sku: 'x' }], what: { a: 5, b: 'new' } });
  });

  it('checks the counts of skipped items', () => {
    expect(() => read(resolver, body(0x80, 0xe1, 0xeb, 0x2f))).toThrow(
      expect.objectContaining({ code: 'COUNT_TOO_LARGE' }),
    );
    // This skipped block states its size. avsc would move by that size, even backwards.
    expect(() => read(resolver, body(1, 1, 0, 0, 0))).toThrow(PoisonError);
  });

  it('reports every truncated message as poison', () => {
    for (let length = 5; length < bytes.length; length++) {
      expect(() => read(resolver, bytes.subarray(0, length)), `cut to ${length}`).toThrow(PoisonError);
    }
  });

  it('checks a count with the item size of the writer, not of the reader', () => {
    const numbers = (items: string) => record('R', [{ name: 'xs', type: { type: 'array', items } }]);
    const widened = resolverOf(compileSchema(numbers('double')), compileSchema(numbers('int')));
    expect(read(widened, write(numbers('int'), { xs: [1, 2, 3] }))).toEqual({ xs: [1, 2, 3] });
    expect(() => read(widened, body(8, 2, 2, 2))).toThrow(
      expect.objectContaining({ code: 'COUNT_TOO_LARGE' }),
    );
  });

  it('is refused at once if the versions are incompatible', () => {
    const strict = record('R', [{ name: 'must', type: 'string' }]);
    expect(() => resolverOf(compileSchema(strict), compileSchema(writer))).toThrow('must');
  });
});

describe('a schema that this codec does not support', () => {
  it('is refused when it is compiled', () => {
    expect(() => compileSchema(record('R', [{ name: 'm', type: { type: 'map', values: 'long' } }]))).toThrow(
      'maps',
    );
  });
});
