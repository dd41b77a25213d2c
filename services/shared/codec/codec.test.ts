import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { AppError } from '../errors/index.ts';
import { bundledCodecs, PoisonError, schemaIdOf, UnknownSchemaError, VALUE_BYTES_MAX } from './index.ts';
import { blankEvent, close, place } from './testing/values.ts';

const { commands, events } = bundledCodecs({ commandsId: 1, eventsId: 2 });

/** Body of `close` up to its payload, then `tail`. */
function commandBytes(type: string, tail: number[]): Buffer {
  const text = (value: string) => [value.length * 2, ...Buffer.from(value)];
  const body = [...text('c'), ...text(type), 0, 0, ...text('operator'), 0, 0, 0, 0, ...tail];
  return Buffer.from([0, 0, 0, 0, 1, ...body]);
}

function codeOf(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    if (error instanceof PoisonError) return error.code;
    throw error;
  }
  return 'decoded';
}

describe('the frame', () => {
  it.each([
    ['EMPTY', null],
    ['EMPTY', Buffer.alloc(0)],
    ['TOO_SHORT', Buffer.from([0, 0, 0, 1])],
    ['BAD_MAGIC', Buffer.from('{"json": true}')],
    ['TRUNCATED', Buffer.from([0, 0, 0, 0, 1])],
    ['WRONG_SUBJECT', Buffer.from([0, 0, 0, 0, 2, 0])],
    ['TOO_LONG', Buffer.alloc(VALUE_BYTES_MAX + 1)],
  ])('gives %s', (code, bytes) => {
    expect(codeOf(() => commands.decode(bytes))).toBe(code);
  });

  it('with an unprepared id is not poison yet', async () => {
    const bytes = Buffer.from([0, 0, 0, 1, 44, 0]);
    expect(() => commands.decode(bytes)).toThrow(UnknownSchemaError);
    expect(schemaIdOf(bytes)).toBe(300);
    expect(await commands.resolveSchema(300)).toBe('missing');
    expect(await commands.resolveSchema(1)).toBe('known');
  });

  it('is written before the body', () => {
    expect([...commands.encode(close).subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    expect([...events.encode(blankEvent({})).subarray(0, 5)]).toEqual([0, 0, 0, 0, 2]);
  });
});

describe('the body', () => {
  it('ends the message: further bytes are refused', () => {
    const bytes = Buffer.concat([commands.encode(close), Buffer.from([0])]);
    expect(codeOf(() => commands.decode(bytes))).toBe('TRAILING_BYTES');
  });

  it.each([
    ['an unknown payload branch', [28], 'INVALID_VALUE'],
    ['a negative payload branch', [1], 'INVALID_VALUE'],
    ['a payload branch of ten bytes', [...Array<number>(9).fill(0xff), 1], 'INVALID_VALUE'],
    ['a varint that never ends', Array<number>(40).fill(0x80), 'INVALID_VALUE'],
  ])('refuses %s', (_what, tail, code) => {
    expect(codeOf(() => commands.decode(commandBytes('CLOSE', tail)))).toBe(code);
  });

  it('refuses a type that names another branch, or none', () => {
    expect(codeOf(() => commands.decode(commandBytes('CLOSE', [20, 0])))).toBe('decoded');
    expect(codeOf(() => commands.decode(commandBytes('SHIP', [20, 0])))).toBe('TYPE_MISMATCH');
    expect(codeOf(() => commands.decode(commandBytes('constructor', [20, 0])))).toBe('TYPE_MISMATCH');
  });

  it('refuses invalid UTF-8, and keeps a real U+FFFD', () => {
    const bytes = commands.encode({ ...close, commandId: 'a\ufffdb' });
    expect(commands.decode(bytes).commandId).toBe('a\ufffdb');
    bytes[bytes.indexOf(0xef)] = 0xff;
    expect(codeOf(() => commands.decode(bytes))).toBe('INVALID_UTF8');
  });

  it('refuses an enum index that the schema does not have', () => {
    const bytes = events.encode(blankEvent({ outcome: 'DEAD_LETTERED' }));
    const index = bytes.indexOf(14, 5);
    bytes[index] = 16;
    expect(codeOf(() => events.decode(bytes))).toBe('INVALID_VALUE');
  });

  it('refuses longs beyond the safe integers, in both directions', () => {
    const bytes = commandBytes('EXPIRE', [12, ...Array<number>(8).fill(0xff), 0x1f]);
    expect(codeOf(() => commands.decode(bytes))).toBe('INVALID_VALUE');
    expect(() => events.encode(blankEvent({ sourceOffset: 2 ** 53 }))).toThrow(AppError);
  });

  it('refuses ints beyond 32 bits', () => {
    const bytes = events.encode(blankEvent({ sourcePartition: 2 ** 31 - 1 }));
    const last = bytes.lastIndexOf(0x0f);
    bytes[last] = 0x1f;
    expect(codeOf(() => events.decode(bytes))).toBe('INVALID_VALUE');
  });
});

describe('a hostile count', () => {
  /** A PLACE whose lines are `block`. */
  const withLines = (block: number[]) => commandBytes('PLACE', [0, 6, ...Buffer.from('EUR'), ...block]);
  const fiftyMillion = [0x80, 0xe1, 0xeb, 0x2f];

  it.each([
    ['fifty million items', fiftyMillion],
    ['fifty million items as a sized block', [0xff, 0xe0, 0xeb, 0x2f, 0]],
    ['as many items as a long holds', [...Array<number>(7).fill(0xfe), 0x0f]],
    ['one item more than bytes allow', [6, 2, 65, 2, 0]],
  ])('of %s is refused before anything is allocated', (_what, block) => {
    const bytes = withLines(block);
    expect(codeOf(() => commands.decode(bytes))).toBe('COUNT_TOO_LARGE');

    const before = process.memoryUsage();
    for (let at = 0; at < 200; at++) codeOf(() => commands.decode(bytes));
    const after = process.memoryUsage();
    // 200 refusals of 50,000,000 items each would be 80 GB; errors with their stacks are a few KB each.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(20_000_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1_000_000);
  });

  it('of nine bytes costs at most a few times a valid decode', () => {
    const hostile = Buffer.from([0, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0x7f]);
    expect(codeOf(() => commands.decode(hostile))).toBe('TRUNCATED');
    const honest = commands.encode(place);
    const nsOf = (work: () => unknown) => {
      const start = process.hrtime.bigint();
      for (let at = 0; at < 2000; at++) work();
      return Number(process.hrtime.bigint() - start);
    };
    nsOf(() => commands.decode(honest));
    expect(nsOf(() => codeOf(() => commands.decode(hostile)))).toBeLessThan(
      200 * nsOf(() => commands.decode(honest)),
    );
  });

  it.each([
    ['negative bytes', [1, 1]],
    ['more bytes than there are', [1, 0x80, 0x08]],
  ])('of a sized block with %s is refused', (_what, block) => {
    expect(codeOf(() => commands.decode(withLines(block)))).toBe('TRUNCATED');
  });

  it('is accepted if a block states its true size, and refused otherwise', () => {
    const item = [2, 65, 2, 0];
    const rest = [0, 0, 0, 0, 0, 0, 0];
    expect(
      commands.decode(withLines([1, 8, ...item, 2, ...item, 0, ...rest])).payload as { lines: unknown[] },
    ).toMatchObject({ lines: [{ sku: 'A', quantity: 1 }, { sku: 'A' }] });
    expect(codeOf(() => commands.decode(withLines([1, 10, ...item, 0, ...rest])))).toBe('INVALID_VALUE');
  });

  it('of a string allocates no memory', () => {
    const bytes = Buffer.from([0, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x1f, 65]);
    expect(codeOf(() => commands.decode(bytes))).toBe('TRUNCATED');
  });
});

describe('encode', () => {
  it.each([
    ['a missing field', { ...close, commandId: undefined }],
    [
      'a number that is not an int',
      { ...place, payload: { ...place.payload, lines: [{ sku: 'S', quantity: 1.5 }] } },
    ],
    ['an unknown type', { ...close, type: 'EXPLODE' }],
    ['a payload of another kind', { ...place, type: 'SHIP', payload: { carrier: 7 } }],
    ['a short fingerprint', { ...close, fingerprint: Buffer.alloc(31) }],
  ])('refuses %s', (_what, value) => {
    expect(() => commands.encode(value as OrderCommand)).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    );
  });

  it('fills missing fields with their defaults', () => {
    const { traceparent: _left, actor: _too, ...rest } = close;
    expect(commands.decode(commands.encode(rest as OrderCommand))).toMatchObject({
      traceparent: null,
      actor: 'customer',
    });
  });

  it('refuses more than 1 MiB, and works afterwards', () => {
    expect(() => commands.encode({ ...close, actor: 'x'.repeat(VALUE_BYTES_MAX) })).toThrow(
      expect.objectContaining({ code: 'TOO_LONG' }),
    );
    expect(() => commands.encode({ ...close, actor: 'x'.repeat(3 * VALUE_BYTES_MAX) })).toThrow(
      expect.objectContaining({ code: 'TOO_LONG' }),
    );
    expect(commands.decode(commands.encode(close))).toEqual(close);
  });

  it('returns each message in a new buffer', () => {
    const first = commands.encode(close);
    const copy = Buffer.from(first);
    commands.encode(place);
    expect(first.equals(copy)).toBe(true);
  });

  it('writes half a surrogate pair as U+FFFD instead of invalid bytes', () => {
    const command = commands.decode(commands.encode({ ...close, commandId: 'a\ud83d' }));
    expect(command.commandId).toBe('a\ufffd');
  });
});
