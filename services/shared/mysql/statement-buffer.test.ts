import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  headroomBytes,
  packetFullBytes,
  StatementBuffer,
  type StatementPacket,
  statementsIn,
} from './statement-buffer.ts';

/** The text that one call writes. */
function laidOut(write: (buffer: StatementBuffer) => void): string {
  const buffer = new StatementBuffer();
  buffer.begin('');
  write(buffer);
  buffer.end();
  return packetOf(buffer).toString();
}

/** The text of the only packet. */
function packetOf(buffer: StatementBuffer): Buffer {
  const script = buffer.script();
  expect(script).toHaveLength(1);
  return script[0]!.framed.subarray(headroomBytes);
}

/**
 * Reads one quoted literal as the server does with backslash escapes on. Throws unless the literal ends at the
 * end of the bytes.
 */
function readLiteral(bytes: Buffer): Buffer {
  const value: number[] = [];
  if (bytes[0] !== 0x27) throw new Error('no literal');
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] === 0x5c) value.push(bytes[++at]!);
    else if (bytes[at] !== 0x27) value.push(bytes[at]!);
    else if (at === bytes.length - 1) return Buffer.from(value);
    else throw new Error(`the literal ends at ${at} of ${bytes.length}`);
  }
  throw new Error('the literal does not end');
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom("'", '\\', 'a', '\0', 'é', '𝄞', '\n'), maxLength: 130 }),
);

describe('a string literal', () => {
  it('is read back unchanged, short or long, whatever it contains', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const literal = Buffer.from(laidOut((buffer) => buffer.text(value)));
        expect(readLiteral(literal).toString()).toBe(Buffer.from(value).toString());
      }),
      { numRuns: 1_000 },
    );
  });

  it('escapes the characters that would end it', () => {
    expect(laidOut((buffer) => buffer.text("a' OR '1'='1"))).toBe("'a\\' OR \\'1\\'=\\'1'");
    expect(laidOut((buffer) => buffer.json({ a: "it's" }))).toBe(`'{"a":"it\\'s"}'`);
  });
});

describe('a binary literal', () => {
  it('is read back unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const buffer = new StatementBuffer();
        buffer.begin('');
        buffer.blob(value);
        buffer.end();
        const text = packetOf(buffer);
        expect(text.toString('latin1', 0, 7)).toBe('_binary');
        expect([...readLiteral(text.subarray(7))]).toEqual([...value]);
      }),
    );
  });

  it('is hex if it is short', () => {
    const view = Buffer.from('00ff10ab', 'hex').subarray(1, 3);
    expect(laidOut((buffer) => buffer.bytes(view))).toBe("x'ff10'");
    expect(laidOut((buffer) => buffer.uuid('01234567-89ab-8def-8123-456789abcdef'))).toBe(
      "x'0123456789ab8def8123456789abcdef'",
    );
  });
});

describe('an integer', () => {
  it.each([0, -1, 9, 10, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    '%d is written in digits',
    (value) => {
      expect(laidOut((buffer) => buffer.integer(value))).toBe(String(value));
    },
  );

  it('of any size is written in digits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.nat()), (value) => {
        expect(laidOut((buffer) => buffer.integer(value))).toBe(String(value));
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53])('is never %d', (value) => {
    expect(() => laidOut((buffer) => buffer.integer(value))).toThrow(RangeError);
  });
});

it('writes NULL for null', () => {
  const nothing = (buffer: StatementBuffer) => {
    buffer.text(null);
    buffer.comma();
    buffer.integer(null);
    buffer.comma();
    buffer.json(null);
  };
  expect(laidOut(nothing)).toBe('NULL,NULL,NULL');
});

it('keeps every statement unchanged while the buffer grows', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 6 }), (sizes) => {
      const buffer = new StatementBuffer();
      const places = sizes.map((size, index) => {
        buffer.begin(`SELECT ${index} `);
        buffer.text('€'.repeat(size));
        return buffer.end();
      });
      expect(places).toEqual([...sizes.keys()]);
      const texts = buffer.script().flatMap(textsOf);
      expect(texts).toEqual(sizes.map((size, index) => `SELECT ${index} '${'€'.repeat(size)}'`));
    }),
    { numRuns: 30 },
  );
});

const textsOf = (packet: StatementPacket) => statementsIn(packet).map(String);

it('puts small statements into one packet, and none after a large one', () => {
  const buffer = new StatementBuffer();
  const layOut = (sql: string) => {
    buffer.begin(sql);
    return buffer.end();
  };
  const large = `SELECT '${'x'.repeat(packetFullBytes)}'`;
  const places = ['SELECT 1', 'SELECT 2', large, 'SELECT 4', 'SELECT 5'].map(layOut);
  const script = buffer.script();
  expect(places).toEqual([0, 1, 2, 3, 4]);
  expect(script.map(textsOf)).toEqual([
    ['SELECT 1', 'SELECT 2', large],
    ['SELECT 4', 'SELECT 5'],
  ]);
  expect(script[1]!.framed.toString('latin1', headroomBytes)).toBe('SELECT 4;SELECT 5');
});

it('starts a new script after one was taken, and keeps the taken one', () => {
  const buffer = new StatementBuffer();
  buffer.begin('SELECT 1');
  buffer.end();
  const first = buffer.script();
  buffer.begin('SELECT 2');
  expect(buffer.end()).toBe(0);
  expect(buffer.script().flatMap(textsOf)).toEqual(['SELECT 2']);
  expect(first.flatMap(textsOf)).toEqual(['SELECT 1']);
  expect(buffer.script()).toEqual([]);
});

it('starts empty after clear', () => {
  const buffer = new StatementBuffer();
  buffer.begin('SELECT 1');
  buffer.end();
  buffer.begin('SELECT half of it');
  buffer.clear();
  buffer.begin('SELECT 2');
  expect(buffer.end()).toBe(0);
  expect(packetOf(buffer).toString()).toBe('SELECT 2');
});

describe('an insert', () => {
  const insert = (items: readonly (readonly number[])[]): string[] => {
    const buffer = new StatementBuffer();
    buffer.insert('t', 'a,b', items, (values) => {
      for (const value of values) {
        buffer.row();
        buffer.integer(value);
        buffer.comma();
        buffer.text('x');
      }
    });
    return buffer.script().flatMap(statementsIn).map(String);
  };

  it('has a row for each item', () => {
    expect(insert([[1]])).toEqual(["INSERT INTO t (a,b) VALUES (1,'x')"]);
    expect(insert([[1], [2]])).toEqual(["INSERT INTO t (a,b) VALUES (1,'x'),(2,'x')"]);
  });

  it('has all rows of items that have several', () => {
    expect(insert([[1, 2], [3]])).toEqual(["INSERT INTO t (a,b) VALUES (1,'x'),(2,'x'),(3,'x')"]);
  });

  it('is omitted without items', () => {
    expect(insert([])).toEqual([]);
  });

  it('starts with a first row in each statement', () => {
    const buffer = new StatementBuffer();
    for (const table of ['t', 'u']) {
      buffer.insert(table, 'a', [1], (value) => {
        buffer.row();
        buffer.integer(value);
      });
    }
    expect(buffer.script().flatMap(statementsIn).map(String)).toEqual([
      'INSERT INTO t (a) VALUES (1)',
      'INSERT INTO u (a) VALUES (1)',
    ]);
  });
});
