import { expect, it } from 'vitest';
import type { OrderState } from '../../../schemas/index.ts';
import { createTally } from '../findings/tally.ts';
import type { ExpectedOrder } from './recent-outcomes.ts';
import { createStateBook, type StateBook } from './snapshot-index.ts';

function taken(states: StateBook) {
  const tally = createTally([], 1_000);
  states.lasting.addTo(tally)();
  return tally.kept();
}

const whole = { statesMax: 10, fromTheStart: new Set([0]) };
const tail = { statesMax: 10, fromTheStart: new Set<number>() };

const state = (orderId: string, sourceOffset: number, different: Partial<OrderState> = {}): OrderState =>
  ({
    orderId,
    customerId: 'c1',
    version: 1,
    status: 'PENDING_PAYMENT',
    sourceOffset,
    terms: { total: 100 },
    money: null,
    units: null,
    ...different,
  }) as OrderState;
const marker = (covers: number, coversFrom = -1): OrderState =>
  ({ orderId: null, sourceOffset: covers, coversFrom, eventsOffset: covers + 1 }) as OrderState;
const order = (
  orderId: string,
  sourceOffset: number,
  different: Partial<ExpectedOrder> = {},
): ExpectedOrder => ({
  orderId,
  customerId: 'c1',
  partition: 0,
  sourceOffset,
  version: 1,
  status: 'PENDING_PAYMENT',
  total: 100,
  money: null,
  units: null,
  ...different,
});

function book(limits: Parameters<typeof createStateBook>[0], ...states: (OrderState | null)[]) {
  const made = createStateBook(limits);
  states.forEach((each, offset) => {
    made.note(0, BigInt(offset), each);
  });
  return made;
}

it('reports nothing about an outcome that no marker covers yet', () => {
  expect(book(whole).compare(order('a', 0))).toBeNull();
  expect(book(whole, state('b', 4), marker(4)).compare(order('a', 5))).toBeNull();
  expect(book(whole, state('a', 4, { status: 'PAID' })).compare(order('a', 4))).toBeNull();
});

it('finds a missing state, and agrees with an existing one', () => {
  const states = book(whole, state('a', 4), marker(5));
  expect(states.compare(order('a', 4))).toBeNull();
  expect(states.compare(order('b', 5))).toMatchObject({ kind: 'STATE_MISSING', subject: 'b' });
});

it('does not report states from before the first marker, evicted states, or states in a hole as missing', () => {
  const late = book(tail, marker(5), marker(8));
  expect(late.compare(order('a', 5))).toBeNull();
  expect(late.compare(order('a', 6))?.kind).toBe('STATE_MISSING');
  const small = book({ ...whole, statesMax: 1 }, state('a', 1), state('b', 2), marker(3));
  expect(small.compare(order('a', 1))).toBeNull();
  expect(small.compare(order('c', 3))?.kind).toBe('STATE_MISSING');
  const holed = book(whole, marker(9, 6));
  expect(holed.compare(order('a', 6))).toBeNull();
  expect(holed.compare(order('a', 7))?.kind).toBe('STATE_MISSING');
});

it.each<[string, Partial<OrderState>]>([
  ['an older version', { version: 0 }],
  ['another status', { status: 'PAID' }],
  ['another customer', { customerId: 'c2' }],
  ['another total', { terms: { total: 99 } as OrderState['terms'] }],
])('differs by %s', (_what, different) => {
  const difference = book(whole, state('a', 4, different), marker(4)).compare(order('a', 4));
  expect(difference).toMatchObject({ kind: 'STATE_DIFFERS', subject: 'a' });
  expect(difference?.until).toBeUndefined();
});

it('differs by money, unless one side does not have it', () => {
  const money = { received: 100, refundPending: 0, refunded: 0, disputed: 0 };
  const states = book(whole, state('a', 4, { money }), marker(4));
  expect(states.compare(order('a', 4, { money: { ...money } }))).toBeNull();
  expect(states.compare(order('a', 4, { money: { ...money, refunded: 1 } }))?.kind).toBe('STATE_DIFFERS');
  expect(states.compare(order('a', 4))).toBeNull();
});

it('differs by units of a changed order, unless one side does not have them', () => {
  const units = { ordered: 5, cancelled: 1, shipped: 4, returned: 3, restocked: 2 };
  const states = book(whole, state('a', 4, { version: 2, units }), state('b', 5, { units }), marker(5));
  expect(states.compare(order('a', 4, { version: 2, units: { ...units } }))).toBeNull();
  expect(states.compare(order('a', 4, { version: 2, units: { ...units, shipped: 5 } }))?.kind).toBe(
    'STATE_DIFFERS',
  );
  expect(states.compare(order('a', 4, { version: 2 }))).toBeNull();
  expect(states.compare(order('b', 5))).toBeNull();
});

it('waits for the outcome of a state that is ahead', () => {
  const ahead = state('a', 7, { version: 2, status: 'CANCELLED' });
  const difference = book(whole, ahead, marker(7)).compare(order('a', 4));
  expect(difference?.until).toEqual({ partition: 0, offset: 8 });
});

it('compares no total that one side does not have', () => {
  const states = book(whole, state('a', 4, { terms: null }), state('b', 5), marker(5));
  expect(states.compare(order('a', 4))).toBeNull();
  expect(states.compare(order('b', 5, { total: null }))).toBeNull();
});

it('reports markers that went back and invalid records once', () => {
  const states = book(whole, marker(5), marker(4), null);
  expect(taken(states).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'STATE_BACK 0',
    'STATE_UNREADABLE 0-2',
  ]);
  expect(taken(states)).toEqual([]);
});
