import { expect, it } from 'vitest';
import type { KnownLine } from '../context.ts';
import { shareOf, shippingShareOf } from './share.ts';

const lineOf = (parts: Partial<KnownLine>): KnownLine => ({
  sku: 'A',
  quantity: 1,
  lineTotal: 0,
  discount: 0,
  tax: 0,
  ...parts,
});

it('parts of a line add up to it: 1000 over 3 units is 333, 333 and 334', () => {
  const line = lineOf({ quantity: 3, lineTotal: 1_000 });
  const parts = [0, 1, 2].map((refunded) => shareOf({ ...line, refunded }, 1));
  expect(parts).toEqual([333, 333, 334]);
});

it('#38: with a tenth off, a line of 600 is worth 540, and one of 400 is worth 360', () => {
  expect(shareOf(lineOf({ lineTotal: 600, discount: 60 }), 1)).toBe(540);
  expect(shareOf(lineOf({ lineTotal: 400, discount: 40 }), 1)).toBe(360);
});

it('#39: one of two units of 10000, with 2000 off and a tenth of tax on top, is worth 9900', () => {
  expect(shareOf(lineOf({ quantity: 2, lineTotal: 20_000, discount: 2_000, tax: 1_800 }), 1)).toBe(9_900);
});

it('#41: two of five units of 550, with 275 off, are worth 990', () => {
  expect(shareOf(lineOf({ quantity: 5, lineTotal: 2_750, discount: 275 }), 2)).toBe(990);
});

it('a part of the largest line is exact', () => {
  const line = lineOf({ quantity: 10_000, lineTotal: 2 ** 53 - 2 });
  expect(shareOf(line, 9_999)).toBe(9_006_298_534_815_515);
  expect(shareOf({ ...line, refunded: 9_999 }, 1)).toBe(900_719_925_475);
});

it('shipping is worth its price and the tax that no line has', () => {
  const lines = [lineOf({ tax: 19 }), lineOf({ tax: 7 })];
  expect(shippingShareOf({ shipping: 500, tax: 121, lines } as never)).toBe(595);
});
