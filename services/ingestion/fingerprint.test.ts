import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, fingerprintOf } from './fingerprint.ts';

test('the examples of RFC 8785 that a request can hold', () => {
  expect(
    canonicalJson({ '€': 'Euro Sign', '\r': 'CR', '1': 'One', '😀': 'Emoji', ö: 'O', '\ufb33': 'Dalet' }),
  ).toBe('{"\\r":"CR","1":"One","ö":"O","€":"Euro Sign","😀":"Emoji","\ufb33":"Dalet"}');
  expect(canonicalJson({ b: [1, null, true, { d: '"\\\u000f\n' }], a: -0 })).toBe(
    '{"a":0,"b":[1,null,true,{"d":"\\"\\\\\\u000f\\n"}]}',
  );
});

test('any JSON value comes back from its canonical form, whatever the order of members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(fingerprintOf(reversed(value))).toEqual(fingerprintOf(value));
    }),
    { numRuns: 300 },
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
