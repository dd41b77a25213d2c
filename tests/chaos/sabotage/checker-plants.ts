/** Bugs in the checks of units and stock: a difference would not be found. */
import type { Plant } from './plant.ts';

const walking = 'services/reconciliation/walking';
const units = { project: 'unit', tests: [`${walking}/units.test.ts`] } as const;
const unpaid = { project: 'unit', tests: [`${walking}/unpaid.test.ts`] } as const;
const book = { project: 'unit', tests: [`${walking}/book.test.ts`] } as const;
const orders = { project: 'unit', tests: ['services/reconciliation/checks/orders.test.ts'] } as const;

const deferred = {
  project: 'unit',
  tests: ['services/reconciliation/following/deferred-comparison.test.ts'],
} as const;

export const checkerPlants: readonly Plant[] = [
  {
    bug: 'reconciliation compares no shipment with its line',
    file: 'services/reconciliation/walking/units.ts',
    good: '    shipped === rows.shipped &&\n',
    bad: '',
    ...units,
  },
  {
    bug: 'reconciliation reads only the first page of shipments',
    file: 'services/reconciliation/walking/pages.ts',
    good: 'rows.length < pageRows',
    bad: 'rows.length <= pageRows',
    ...units,
  },
  {
    bug: 'reconciliation accepts more units back than were shipped',
    file: 'services/reconciliation/walking/units.ts',
    good: '    returned <= shipped &&\n',
    bad: '',
    ...units,
  },
  {
    bug: 'reconciliation counts no units of unpaid orders',
    file: 'services/reconciliation/walking/unpaid.ts',
    good: '(byCustomer.get(customerId) ?? 0) + units',
    bad: '0',
    ...unpaid,
  },
  {
    bug: 'reconciliation ignores the units of an outcome',
    file: 'services/reconciliation/checks/orders.ts',
    good: '    isSameMoney(money, row.money) &&\n    isSameUnits(units, row.units);',
    bad: '    isSameMoney(money, row.money);',
    ...orders,
  },
  {
    bug: 'reconciliation counts shipped units that are back in stock',
    file: 'services/reconciliation/walking/stock.ts',
    good: 'const away = shipped - restocked;',
    bad: 'const away = shipped;',
    ...book,
  },
  {
    bug: 'a reconcile run forgets orders without a row',
    file: 'services/reconciliation/following/deferred-comparison.ts',
    good: 'for (const expected of outcomes.unsettled()) memory.watch([expected]);',
    bad: '',
    ...deferred,
  },
  {
    bug: 'a reconcile run compares only the first outcome of an order with its row',
    file: 'services/reconciliation/matching/newest-outcomes.ts',
    good: 'if (isNew || block.numbers[slot * fields + versionAt]! < event.version)',
    bad: 'if (isNew)',
    ...deferred,
  },
  {
    bug: 'a reconcile run forgets outcomes of orders beyond its limit of memory',
    file: 'services/reconciliation/following/deferred-comparison.ts',
    good: '!outcomes.note(event)',
    bad: '!(outcomes.note(event) || true)',
    ...deferred,
  },
];
