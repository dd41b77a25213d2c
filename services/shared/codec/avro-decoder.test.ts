import { describe, expect, it } from 'vitest';
import { AvroDecoder } from './avro-decoder.ts';

function decoderOn(...bytes: number[]): AvroDecoder {
  const decoder = new AvroDecoder();
  decoder.begin(Buffer.from(bytes), 0, 7);
  return decoder;
}

const nines = (count: number) => Array<number>(count).fill(0xff);
const refusal = (code: string) => expect.objectContaining({ code, schemaId: 7 });

describe('longs', () => {
  it.each([
    [[0], 0],
    [[1], -1],
    [[0x7f], -64],
    [[0x80, 1], 64],
    [[0xfe, 0xff, 0xff, 0xff, 0x0f], 2 ** 31 - 1],
    [[0xfe, ...nines(6), 0x1f], 2 ** 53 - 1],
    [[0xfd, ...nines(6), 0x1f], -(2 ** 53 - 1)],
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0], 0],
  ])('%j is %d', (bytes, value) => {
    const decoder = decoderOn(...bytes);
    expect(decoder.readLong()).toBe(value);
    decoder.end();
  });

  it.each([
    ['INVALID_VALUE', [0x80, ...Array<number>(6).fill(0x80), 0x20]],
    ['INVALID_VALUE', [...nines(7), 0x1f]],
    ['INVALID_VALUE', [...nines(10), 0]],
    ['TRUNCATED', []],
    ['TRUNCATED', [0x80]],
  ])('gives %s for %j', (code, bytes) => {
    expect(() => decoderOn(...bytes).readLong()).toThrow(refusal(code));
  });
});

describe('values of known length', () => {
  it.each([
    ['a boolean of 2', () => decoderOn(2).readBoolean(), 'INVALID_VALUE'],
    ['a boolean past the end', () => decoderOn().readBoolean(), 'TRUNCATED'],
    ['a string longer than the message', () => decoderOn(6, 65, 65).readString(), 'TRUNCATED'],
    ['a string of negative length', () => decoderOn(1, 65).readString(), 'INVALID_VALUE'],
    ['skipping back', () => decoderOn(1).skipString(), 'INVALID_VALUE'],
    ['bytes of negative length', () => decoderOn(1).readBytes(), 'INVALID_VALUE'],
    ['a fixed past the end', () => decoderOn(1, 2).readFixed(3), 'TRUNCATED'],
    ['half a double', () => decoderOn(1, 2, 3, 4).readDouble(), 'TRUNCATED'],
    ['half a float', () => decoderOn(1, 2, 3).readFloat(), 'TRUNCATED'],
  ])('%s is refused', (_what, read, code) => {
    expect(read).toThrow(refusal(code));
  });

  it('are copies, so that a small value does not keep a large fetch in memory', () => {
    const bytes = Buffer.from([1, 2, 3]);
    const decoder = new AvroDecoder();
    decoder.begin(bytes, 0, 7);
    const fixed = decoder.readFixed(3);
    bytes.fill(0);
    expect([...fixed]).toEqual([1, 2, 3]);
  });
});

it('releases a message that it refused', () => {
  const decoder = decoderOn(2);
  expect(() => decoder.readBoolean()).toThrow(refusal('INVALID_VALUE'));
  expect(decoder.buf).toHaveLength(0);
});
