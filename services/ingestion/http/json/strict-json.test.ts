import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isExactInteger } from './exact-integer.ts';
import { parseStrictJson } from './strict-json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));
const pointers = (text: string) => parse(text).faults.map(({ pointer }) => pointer);

describe('strict JSON', () => {
  test('reads the output of JSON.stringify for integers and well-formed text without a change', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (input, indent) => {
        const text = JSON.stringify(input, null, indent);
        expect(parse(text)).toEqual({ value: JSON.parse(text), faults: [], isComplete: true });
      }),
      { numRuns: 500 },
    );
  });

  test('finds every repeated member, at any depth and with any spelling', () => {
    expect(pointers('{"a":1,"a":1}')).toEqual(['/a']);
    expect(pointers('{"a":{"b":1,"c":[{"d":1,"d":2}],"b":2}}')).toEqual(['/a/c/0/d', '/a/b']);
    expect(pointers('{"a":1,"\\u0061":2}')).toEqual(['/a']);
    expect(pointers('{"~/":{"x":1,"x":1}}')).toEqual(['/~0~1/x']);
    expect(pointers('{"a":{"a":1}}')).toEqual([]);
    expect(pointers('{"a:":"\\"a\\":","b":":"}')).toEqual([]);
  });

  test('finds unpaired surrogates in names and texts', () => {
    expect(pointers('{"a":"\\ud800"}')).toEqual(['/a']);
    expect(pointers('["\\udc00\\ud800"]')).toEqual(['/0']);
    expect(pointers('["\\ud83d\\ude00"]')).toEqual([]);
    expect(parse('{"\\ud800":1}').faults).toHaveLength(1);
  });

  test.each(['\ufeff{}', '{', '', ' ', '{"a":}', '[1,]', "{'a':1}", 'NaN', '01', '{"a":1}x'])(
    '%j is not JSON',
    (text) => {
      expect(parse(text)).toMatchObject({ value: undefined, faults: [{ pointer: '' }] });
    },
  );

  test('a very large number of faults or levels costs little', () => {
    expect(pointers(`[${'1.5,'.repeat(1_000)}1]`)).toHaveLength(20);
    const deep = 500_000;
    expect(parse('['.repeat(deep) + ']'.repeat(deep)).faults).toHaveLength(1);
  });
});

test.each([
  ['0', true],
  ['-0', true],
  ['1.0', true],
  ['1e2', true],
  ['120e-1', true],
  ['0.0', true],
  ['9007199254740991', true],
  ['9007199254740992', false],
  ['9007199254740991.0000000000000000001', false],
  ['1.5', false],
  ['1e-1', false],
  ['1e400', false],
  ['1e99999999999', false],
  ['0e99999999999', true],
])('%s is an exact integer: %s', (token, expected) => {
  expect(isExactInteger(token)).toBe(expected);
});
