import { describe, expect, it } from 'vitest';
import { uuidToBytes } from '../../shared/mysql/index.ts';
import { type MovedUnits, readMovedUnits } from './moved-units.ts';
import { pageRows } from './pages.ts';
import type { LineRow, OrderRow } from './rows.ts';
import { compareUnits } from './units.ts';

const orderId = '00000001-0000-8000-8000-000000000000';
const order = (status: string): OrderRow => ({ order_id: uuidToBytes(orderId), status }) as OrderRow;

/** Line 1 has 4 units. 3 are shipped, 2 came back, and 1 is in stock again. */
const line = (different: Partial<LineRow> = {}): LineRow => ({
  ...{ order_key: 1, line_no: 1, sku: 'P1', quantity: 4, unit_price: 1, line_total: 4 },
  ...{ cancelled: 0, shipped: 3, returned: 2, restocked: 1, refunded: 2 },
  ...different,
});
const fresh: Partial<LineRow> = { shipped: 0, returned: 0, restocked: 0, refunded: 0 };
const moved = (
  byLine: Record<number, [shipped: number, returned: number, restocked: number]>,
  different: Partial<MovedUnits> = {},
): MovedUnits => ({
  byLine: new Map(
    Object.entries(byLine).map(([lineNo, [shipped, returned, restocked]]) => [
      Number(lineNo),
      { shipped, returned, restocked },
    ]),
  ),
  openShipments: 1,
  unreadable: 0,
  ...different,
});

function differs(status: string, lines: readonly LineRow[], units?: MovedUnits): boolean {
  const difference = compareUnits(order(status), lines, units);
  if (difference !== null) expect(difference).toMatchObject({ kind: 'UNITS_DIFFER', subject: orderId });
  return difference !== null;
}

describe('the units of an order', () => {
  it('agree with its shipments and returns', () => {
    expect(differs('PAID', [line()], moved({ 1: [3, 2, 1] }))).toBe(false);
    expect(differs('PAID', [line(fresh)])).toBe(false);
  });

  it.each<[string, Partial<LineRow>, MovedUnits]>([
    ['a lost shipment', {}, moved({ 1: [2, 2, 1] })],
    ['a lost return', {}, moved({ 1: [3, 1, 1] })],
    ['another number of restocked units', {}, moved({ 1: [3, 2, 2] })],
    ['no row at all', {}, moved({})],
    ['rows of a line that the order does not have', {}, moved({ 1: [3, 2, 1], 2: [1, 0, 0] })],
    ['a row that cannot be read', {}, moved({ 1: [3, 2, 1] }, { unreadable: 1 })],
    ['more units shipped than ordered', { shipped: 5 }, moved({ 1: [5, 2, 1] })],
    ['a unit that is shipped and cancelled', { cancelled: 2 }, moved({ 1: [3, 2, 1] })],
    ['more units back than shipped', { returned: 4 }, moved({ 1: [3, 4, 1] })],
    ['more units restocked than back', { restocked: 3 }, moved({ 1: [3, 2, 3] })],
    ['more units refunded than ordered', { refunded: 5 }, moved({ 1: [3, 2, 1] })],
    ['a negative count', { restocked: -1 }, moved({ 1: [3, 2, -1] })],
  ])('differ with %s', (_what, different, units) => {
    expect(differs('PAID', [line(different)], units)).toBe(true);
  });

  it.each<[status: string, fits: Partial<LineRow>, openShipments: number]>([
    ['PENDING_PAYMENT', fresh, 0],
    ['CANCELLED', fresh, 0],
    ['PAID', fresh, 0],
    ['PAID', { shipped: 2, returned: 0, restocked: 0 }, 1],
    ['SHIPPED', { cancelled: 1, shipped: 3, returned: 2, restocked: 0 }, 1],
    ['DELIVERED', { shipped: 4, returned: 2, restocked: 0 }, 0],
    ['CLOSED', { shipped: 4, returned: 0, restocked: 0 }, 0],
    ['RETURNED', { cancelled: 1, shipped: 3, returned: 3, restocked: 2 }, 1],
  ])('fit the status %s', (status, fits, openShipments) => {
    const one = line(fits);
    const units = moved({ 1: [one.shipped, one.returned, one.restocked] }, { openShipments });
    expect(differs(status, [one], units)).toBe(false);
  });

  it.each<[status: string, unfit: Partial<LineRow>, openShipments: number]>([
    ['PENDING_PAYMENT', { shipped: 1, returned: 0, restocked: 0 }, 1],
    ['CANCELLED', { ...fresh, cancelled: 1 }, 0],
    ['PAID', { shipped: 4, returned: 0, restocked: 0 }, 1],
    ['SHIPPED', { shipped: 3, returned: 0, restocked: 0 }, 1],
    ['SHIPPED', { shipped: 4, returned: 4, restocked: 0 }, 1],
    ['DELIVERED', { shipped: 4, returned: 0, restocked: 0 }, 1],
    ['CLOSED', { shipped: 3, returned: 0, restocked: 0 }, 0],
    ['RETURNED', { shipped: 4, returned: 3, restocked: 0 }, 0],
  ])('do not fit the status %s', (status, unfit, openShipments) => {
    const one = line(unfit);
    const units = moved({ 1: [one.shipped, one.returned, one.restocked] }, { openShipments });
    expect(differs(status, [one], units)).toBe(true);
  });
});

interface MoveRow {
  order_key: number;
  no: number;
  line_units: string;
  is_open: number;
}

/** A session with these shipments and returns. */
function sessionOf(shipments: readonly MoveRow[], returns: readonly MoveRow[]) {
  const queries: string[] = [];
  return {
    queries,
    async rows(sql: string, params: readonly number[]) {
      const [after, , last, upTo, limit] = params as [number, number, number, number, number];
      const table = sql.includes('FROM shipments') ? 'shipments' : 'returns';
      queries.push(table);
      return (table === 'shipments' ? shipments : returns)
        .filter(({ order_key: key, no }) => (key > after || (key === after && no > last)) && key <= upTo)
        .slice(0, limit);
    },
  } as unknown as Parameters<typeof readMovedUnits>[0] & { queries: string[] };
}

const shipment = (order_key: number, no: number, quantity: number, is_open = 0): MoveRow => ({
  ...{ order_key, no, is_open, line_units: JSON.stringify([{ line: 1, quantity }]) },
});

describe('the sums of shipments and returns', () => {
  it('add up by order and line, between two keys', async () => {
    const lines = JSON.stringify([
      { line: 1, quantity: 1, restock: 1 },
      { line: 2, quantity: 3, restock: 0 },
    ]);
    const session = sessionOf(
      [shipment(4, 1, 9), shipment(5, 1, 2), shipment(5, 2, 1, 1), shipment(6, 1, 1), shipment(7, 1, 9)],
      [{ order_key: 5, no: 1, line_units: lines, is_open: 0 }],
    );
    const sums = await readMovedUnits(session, 4, 6);
    expect([...sums.keys()]).toEqual([5, 6]);
    expect(sums.get(5)).toEqual(moved({ 1: [3, 1, 1], 2: [0, 3, 0] }));
    expect(sums.get(6)).toEqual(moved({ 1: [1, 0, 0] }, { openShipments: 0 }));
  });

  it('count rows that cannot be read', async () => {
    const texts = ['', '{}', '[1]', '[{"line":1}]', '[null]'];
    const session = sessionOf(
      texts.map((line_units, index) => ({ order_key: 5, no: index + 1, line_units, is_open: 0 })),
      [],
    );
    expect((await readMovedUnits(session, 0, 9)).get(5)).toMatchObject({ unreadable: texts.length });
  });

  it('read a page per query, also of one order', async () => {
    const many = Array.from({ length: pageRows + 1 }, (_, index) => shipment(5, index + 1, 1));
    const session = sessionOf(many, []);
    expect((await readMovedUnits(session, 0, 9)).get(5)?.byLine.get(1)?.shipped).toBe(pageRows + 1);
    expect(session.queries).toEqual(['shipments', 'shipments', 'returns']);
  });
});
