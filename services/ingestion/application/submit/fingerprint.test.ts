import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryOf } from '../../testing/schema-arbitrary.ts';
import { OrderRequest } from '../requests/order-request.ts';
import { canonicalJson, canonicalOrder, fingerprintOf } from './fingerprint.ts';

test('matches the examples of RFC 8785 that a request can contain', () => {
  expect(
    canonicalJson({ '€': 'Euro Sign', '\r': 'CR', '1': 'One', '😀': 'Emoji', ö: 'O', '\ufb33': 'Dalet' }),
  ).toBe('{"\\r":"CR","1":"One","ö":"O","€":"Euro Sign","😀":"Emoji","\ufb33":"Dalet"}');
  expect(canonicalJson({ b: [1, null, true, { d: '"\\\u000f\n' }], a: -0 })).toBe(
    '{"a":0,"b":[1,null,true,{"d":"\\"\\\\\\u000f\\n"}]}',
  );
});

test('the canonical form of any JSON value parses to that value, for every order of members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toEqual(canonicalJson(value));
    }),
    { numRuns: 300 },
  );
});

test('canonicalOrder gives the same text as canonicalJson', () => {
  const order = arbitraryOf(OrderRequest, {}) as fc.Arbitrary<OrderRequest>;
  fc.assert(
    fc.property(order, ({ metadata, ...plain }) => {
      expect(canonicalOrder(plain)).toBe(canonicalJson(plain));
      expect(fingerprintOf(reversed(plain) as OrderRequest)).toBe(fingerprintOf(plain));
      if (metadata !== undefined)
        expect(fingerprintOf({ ...plain, metadata })).not.toBe(fingerprintOf(plain));
    }),
    { numRuns: 500 },
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
