import { expect, it } from 'vitest';
import { parseFilter, wantsType } from './event-types.ts';

it('without a filter, matches every change of an order, and no repeat or refusal', () => {
  expect(wantsType(null, 'order.cancelled')).toBe(true);
  expect(wantsType(null, 'command.duplicate')).toBe(false);
});

it('matches names and prefixes', () => {
  expect(wantsType(['order.accepted'], 'order.accepted')).toBe(true);
  expect(wantsType(['order.accepted'], 'order.accepted_again')).toBe(false);
  expect(wantsType(['command.*'], 'command.refused')).toBe(true);
  expect(wantsType(['*'], 'stock.adjusted')).toBe(true);
  expect(wantsType([], 'order.accepted')).toBe(false);
});

it('treats an invalid filter as a filter that matches nothing', () => {
  expect(parseFilter(null)).toBeNull();
  expect(parseFilter('["order.*", 7]')).toEqual(['order.*']);
  expect(parseFilter('{"a":1}')).toEqual([]);
  expect(parseFilter('order.*')).toEqual([]);
});
