import type { RowDataPacket } from 'mysql2/promise';
import { expect, test } from 'vitest';
import type { OrderLife } from './explain.ts';
import { formatLife } from './format.ts';

const atMs = Date.parse('2026-03-01T10:00:00Z');
const time = '2026-03-01T10:00:00.000Z';
const rows = (...each: object[]): RowDataPacket[] => each as RowDataPacket[];

const life: OrderLife = {
  ...{ orderId: 'o-1', partition: 3, lane: null, waitsFor: null, snapshot: null, outbox: [] },
  ...{ commands: [], outcomes: [], history: [], payments: [], storedCommands: [], deadLetters: [] },
  ...{ deliveries: [], findings: [], orderWaits: ['the shipment of 1 of line 2'] },
  order: {
    status: 'PAID',
    version: 6,
    customer_id: 'c1',
    total: 3_000,
    currency: 'EUR',
    reason: null,
  } as RowDataPacket,
  items: rows(
    {
      ...{ line_no: 1, sku: 'TEA', quantity: 3, unit_price: 500, line_total: 1_500 },
      ...{ shipped: 3, cancelled: 0, returned: 2, restocked: 1, refunded: 2 },
    },
    {
      ...{ line_no: 2, sku: 'POT', quantity: 1, unit_price: 1_500, line_total: 1_500 },
      ...{ shipped: 0, cancelled: 0, returned: 0, restocked: 0, refunded: 0 },
    },
  ),
  shipments: rows(
    {
      ...{ shipment_no: 1, line_units: [{ line: 1, quantity: 2 }], carrier: 'Post', tracking_number: 'T-1' },
      ...{ shipped_at_ms: atMs, delivered_at_ms: atMs },
    },
    {
      ...{ shipment_no: 2, line_units: [{ line: 1, quantity: 1 }], carrier: null, tracking_number: null },
      ...{ shipped_at_ms: atMs, delivered_at_ms: null },
    },
  ),
  returns: rows(
    {
      ...{ return_no: 1, line_units: [{ line: 1, quantity: 1, restock: 0 }], refund_id: 'r-1' },
      returned_at_ms: atMs,
    },
    {
      ...{ return_no: 2, line_units: [{ line: 1, quantity: 1, restock: 1 }], refund_id: null },
      returned_at_ms: atMs,
    },
  ),
  refunds: rows(
    {
      ...{ refund_id: 'r-1', amount: '500', currency: 'EUR', status: 'SUCCEEDED', reason: 'RETURNED' },
      ...{ line_units: [{ line: 1, quantity: 1 }], shipping: 0, requested_at_ms: atMs },
    },
    {
      ...{ refund_id: 'r-2', amount: '7', currency: 'EUR', status: 'FAILED', reason: 'ON_REQUEST' },
      ...{ line_units: null, shipping: 1, requested_at_ms: atMs, failure_code: 'closed' },
    },
  ),
};

/** The lines of a section, with one space between their cells. */
function sectionOf(title: string): string[] {
  const text = formatLife(life).replaceAll('\u00a0', ' ');
  const section = text.split('\n\n').find((part) => part.startsWith(`${title}\n`))!;
  return section
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replaceAll(/ +/g, ' '));
}

test('each line says how many of its units were shipped, came back and were refunded', () => {
  expect(sectionOf('lines')).toEqual([
    '1 TEA 3 500 1500 shipped 3 returned 2 restocked 1 refunded 2',
    '2 POT 1 1500 1500',
  ]);
});

test('parcels, returns and refunds have their units and times', () => {
  expect(sectionOf('parcels')).toEqual([
    `1 2 of line 1 shipped ${time} delivered ${time} Post T-1`,
    `2 1 of line 1 shipped ${time} not delivered - -`,
  ]);
  expect(sectionOf('returns')).toEqual([
    `1 1 of line 1 (0 restocked) ${time} refund r-1`,
    `2 1 of line 1 (1 restocked) ${time} without a refund`,
  ]);
  expect(sectionOf('refunds')).toEqual([
    `r-1 EUR 5.00 SUCCEEDED RETURNED 1 of line 1 ${time} -`,
    `r-2 EUR 0.07 FAILED ON_REQUEST shipping ${time} closed`,
  ]);
});

test('the head says what the order waits for', () => {
  expect(formatLife(life)).toMatch(/^order o-1, partition 3\n.*\nwaits for: the shipment of 1 of line 2\n/);
  expect(formatLife({ ...life, orderWaits: [] })).toMatch(/\nwaits for: nothing\n/);
});
