import { expect, test } from 'vitest';
import { StatementBuffer } from '../../shared/mysql/index.ts';
import { statementsIn } from '../../shared/mysql/statement-buffer.ts';
import { layOutUnpaid } from './unpaid-customers.ts';

/** The statements, as text. */
function statements(...changes: Parameters<typeof layOutUnpaid>[1]): string[] {
  const buffer = new StatementBuffer();
  layOutUnpaid(buffer, changes);
  return buffer.script().flatMap(statementsIn).map(String);
}

test('without changes nothing is sent', () => {
  expect(statements()).toEqual([]);
});

test('a batch that takes units locks all its customers in order, before it changes them', () => {
  const [insert, update] = statements(
    { customerId: 'c1', net: -3, heldMax: null },
    { customerId: 'c2', net: 4, heldMax: 6 },
  );
  expect(insert).toBe(
    "INSERT INTO unpaid_customers (customer_id) VALUES ('c1'),('c2') ON DUPLICATE KEY UPDATE units = units",
  );
  expect(update).toContain('[["c1",-3,null],["c2",4,6]]');
});

test('a batch that only gives units back inserts no row', () => {
  const sent = statements({ customerId: 'c1', net: -3, heldMax: null });
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatch(/^UPDATE/);
});
