/** The limit of units that a customer may hold in unpaid orders. Units are written out. */
import { expect, test } from 'vitest';
import type { OrderCommand } from '../../schemas/index.ts';
import { cancel, cutLog, place, rules, toLog } from './testing/commands.ts';
import { confirm, expire, fail } from './testing/money-commands.ts';
import { run } from './testing/tables.ts';

const stock = new Map([
  ['A', 100],
  ['B', 100],
]);
const order = (number: number, quantity: number, sku = 'A') =>
  place({ order: number, lines: [{ sku, quantity, expectedUnitPrice: null }] });

/** Decides each command in a batch of its own. `limits` has the limit for each; the last one stays. */
function decided(limits: readonly (number | null)[], ...commands: OrderCommand[]) {
  const limitOf = (batch: number) => limits[Math.min(batch, limits.length - 1)]!;
  const rulesOf = (batch: number) => ({ ...rules, unpaidUnitsMax: limitOf(batch) });
  const { events, tables } = run(cutLog(toLog(commands), [1]), stock, 'fresh', { rulesOf });
  return {
    outcomes: events.map(({ outcome, reason }) => reason?.code ?? outcome),
    events,
    held: Object.fromEntries(tables.unpaid),
  };
}

test('an order that would exceed the limit is rejected, and names limit and units', () => {
  const { outcomes, events, held } = decided([10], order(0, 6), order(1, 5), order(2, 4), order(3, 10));
  expect(outcomes).toEqual(['ACCEPTED', 'UNPAID_LIMIT', 'ACCEPTED', 'ACCEPTED']);
  expect(JSON.parse(events[1]!.reason!.seen!)).toEqual({ limit: 10, units: 5 });
  // Order 3 belongs to another customer.
  expect(held).toEqual({ 'customer-1': 10, 'customer-2': 10 });
});

test('an order above the limit is rejected before anything is read', () => {
  expect(decided([10], order(0, 11)).outcomes).toEqual(['UNPAID_LIMIT']);
});

test.each<[string, OrderCommand]>([
  ['paid', confirm({ order: 0, payment: 'p1', amount: 2_500 })],
  ['cancelled', cancel({ order: 0 })],
  ['expired', expire({ order: 0 })],
  ['failed', fail({ order: 0 })],
])('an order that is %s gives its units back', (_how, end) => {
  const { outcomes, held } = decided([10], order(0, 10), order(1, 1), end, order(2, 10));
  expect(outcomes).toEqual(['ACCEPTED', 'UNPAID_LIMIT', 'APPLIED', 'ACCEPTED']);
  expect(held).toEqual({ 'customer-1': 10 });
});

test('a failed attempt and wrong money give nothing back', () => {
  const attempt = fail({ order: 0, final: false });
  const wrong = confirm({ order: 0, payment: 'p1', amount: 1 });
  expect(decided([10], order(0, 10), attempt, wrong).held).toEqual({ 'customer-1': 10 });
});

test('units are given back once: a paid order that is cancelled later gives none', () => {
  const paid = confirm({ order: 0, payment: 'p1', amount: 2_500 });
  const { outcomes, held } = decided([10], order(0, 10), paid, order(1, 7), cancel({ order: 0 }));
  expect(outcomes).toEqual(['ACCEPTED', 'APPLIED', 'ACCEPTED', 'APPLIED']);
  expect(held).toEqual({ 'customer-1': 7 });
});

test('an order that costs nothing is paid at once, and counts no units', () => {
  const { outcomes, held } = decided([10], order(0, 11, 'B'), order(1, 10));
  expect(outcomes).toEqual(['ACCEPTED', 'ACCEPTED']);
  expect(held).toEqual({ 'customer-1': 10 });
});

test('an order gives back what it counted, also after the limit was switched on, off or lowered', () => {
  expect(decided([null, 10], order(0, 10), order(1, 10), cancel({ order: 0 })).held).toEqual({
    'customer-1': 10,
  });
  expect(decided([10, null], order(0, 10), order(1, 90), cancel({ order: 0 })).held).toEqual({
    'customer-1': 0,
  });
  const lowered = decided([10, 3], order(0, 9), order(1, 1), cancel({ order: 0 }), order(2, 3));
  expect(lowered.outcomes).toEqual(['ACCEPTED', 'UNPAID_LIMIT', 'APPLIED', 'ACCEPTED']);
  expect(lowered.held).toEqual({ 'customer-1': 3 });
});

test('a batch in which a customer above a lowered limit gives units back, and takes some, commits', () => {
  const log = toLog([order(0, 60), order(1, 20), cancel({ order: 0 }), order(2, 20)]);
  const rulesOf = (batch: number) => ({ ...rules, unpaidUnitsMax: batch < 2 ? 80 : 50 });
  const { events, tables } = run([log.slice(0, 1), log.slice(1, 2), log.slice(2)], stock, 'fresh', {
    rulesOf,
  });
  expect(events.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'ACCEPTED', 'APPLIED', 'ACCEPTED']);
  expect(Object.fromEntries(tables.unpaid)).toEqual({ 'customer-1': 40 });
});
