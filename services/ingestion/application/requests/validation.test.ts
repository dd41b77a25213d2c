import { describe, expect, test } from 'vitest';
import { sampleOrder } from '../../testing/fake-world.ts';
import { OrderRequest } from './order-request.ts';
import { compileCheck } from './validation.ts';

const check = compileCheck(OrderRequest);
const faultsOf = (more: object) => check({ ...sampleOrder(), ...more }).faults;

describe('one wrong value is reported as one fault', () => {
  test.each([
    ['a value of another type in metadata', { metadata: { n: 1 } }, '/metadata/n', 'must be string'],
    [
      'too long a value in metadata',
      { metadata: { n: 'x'.repeat(501) } },
      '/metadata/n',
      'must not have more than 500 characters',
    ],
    [
      'too long a name in metadata',
      { metadata: { ['k'.repeat(41)]: 'x' } },
      `/metadata/${'k'.repeat(41)}`,
      'has a name that must not have more than 40 characters',
    ],
    ['an unknown member', { 'a/b~': 1 }, '/a~1b~0', 'is not a known member'],
    ['an unknown member inside', { contact: { x: 1 } }, '/contact/x', 'is not a known member'],
    ['a value of another type', { items: [{ sku: 1, quantity: 1 }] }, '/items/0/sku', 'must be string'],
    ['another type of list', { items: {} }, '/items', 'must be array'],
    ['a coupon beyond ASCII', { couponCode: 'ü' }, '/couponCode', 'must match pattern "^[!-~]+$"'],
  ])('%s', (_name, more, pointer, detail) => {
    expect(faultsOf(more)).toEqual([{ pointer, detail }]);
  });

  test('two wrong values are two faults', () => {
    expect(faultsOf({ metadata: { a: 1, b: 2 } })).toHaveLength(2);
    expect(faultsOf({ contact: { email: 1, x: 1 } })).toHaveLength(2);
  });
});

test('a name of any length gives a short pointer', () => {
  const faults = faultsOf({ metadata: { ['~'.repeat(60_000)]: 1 }, ['k'.repeat(60_000)]: 1 });
  expect(faults?.length).toBeGreaterThan(1);
  for (const { pointer } of faults!) expect(pointer.length).toBeLessThan(500);
});
