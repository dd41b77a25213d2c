import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, integer, json, text, uuid } from './sql-text.ts';

/** Reads one quoted literal as the server does with backslash escapes on; throws when it does not end at the end. */
function parseLiteral(sql: string): string {
  if (sql[0] !== "'") throw new Error('no literal');
  const named: Record<string, string> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' };
  let value = '';
  for (let at = 1; at < sql.length; at += 1) {
    const char = sql[at]!;
    if (char === '\\') {
      at += 1;
      value += named[sql[at]!] ?? sql[at];
    } else if (char !== "'") value += char;
    else if (sql[at + 1] === "'") value += sql[++at];
    else if (at === sql.length - 1) return value;
    else throw new Error(`the literal ends at ${at} of ${sql.length}`);
  }
  throw new Error('the literal does not end');
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '\0', '%', '_', '\n', '\x1a', '`', '--', '¿', 'n', '0'),
    maxLength: 12,
  }),
);

describe('text', () => {
  it('is read back as what it was, whatever it holds', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(parseLiteral(text(value))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["a' OR '1'='1", "'a\\' OR \\'1\\'=\\'1'"],
    ["\\' OR 1=1 -- ", "'\\\\\\' OR 1=1 -- '"],
    ['', "''"],
  ])('keeps %j inside of its quotes', (value, literal) => {
    expect(text(value)).toBe(literal);
  });
});

describe('json', () => {
  it('is read back as what it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(value !== null);
        expect(JSON.parse(parseLiteral(json(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('the other literals', () => {
  it('write null as NULL', () => {
    expect([text(null), integer(null), json(null)]).toEqual(['NULL', 'NULL', 'NULL']);
  });

  it('write bytes in hex, of a view only what it shows', () => {
    const buffer = Buffer.from('00ff10ab', 'hex');
    expect(bytes(buffer.subarray(1, 3))).toBe("x'ff10'");
    expect(bytes(new Uint8Array(buffer.buffer, buffer.byteOffset, 1))).toBe("x'00'");
    expect(bytes(Buffer.alloc(0))).toBe("x''");
    expect(uuid('01234567-89ab-8def-8123-456789abcdef')).toBe("x'0123456789ab8def8123456789abcdef'");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53, -(2 ** 53)])(
    'refuse %d as an integer',
    (value) => {
      expect(() => integer(value)).toThrow(RangeError);
    },
  );

  it.each([0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])('write %d in digits', (value) => {
    expect(Number(integer(value))).toBe(value);
    expect(integer(value)).toMatch(/^-?\d+$/);
  });
});
