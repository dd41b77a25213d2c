import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeholders, textToSql, uuidToSql } from './literals.ts';

/**
 * Reads one quoted literal as the server does with backslash escapes on. Throws unless the literal ends at the
 * end of the text.
 */
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

describe('a string literal', () => {
  it('is read back unchanged, whatever it contains', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(parseLiteral(textToSql(value))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["a' OR '1'='1", "'a\\' OR \\'1\\'=\\'1'"],
    ["\\' OR 1=1 -- ", "'\\\\\\' OR 1=1 -- '"],
    ['', "''"],
  ])('keeps %j inside of its quotes', (value, literal) => {
    expect(textToSql(value)).toBe(literal);
  });
});

describe('a UUID', () => {
  it('is written in hex', () => {
    expect(uuidToSql('01234567-89ab-8def-8123-456789abcdef')).toBe("x'0123456789ab8def8123456789abcdef'");
  });

  it.each(['', "x' OR 1=1", '01234567-89AB-8def-8123-456789abcdef'])('is refused as %j', (id) => {
    expect(() => uuidToSql(id)).toThrow(RangeError);
  });
});

it('returns a placeholder for each value', () => {
  expect([placeholders([]), placeholders([1]), placeholders([1, 2, 3])]).toEqual(['', '?', '?,?,?']);
});
