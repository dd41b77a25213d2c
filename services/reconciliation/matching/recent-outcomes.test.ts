import { expect, it } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { createMemory } from './recent-outcomes.ts';

const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-8000-8000-000000000000`;
const outcome = (n: number, version = 1, total: number | null = 10): OrderEvent =>
  ({
    eventId: `0-${n}`,
    type: 'order.accepted',
    outcome: version === 1 ? 'ACCEPTED' : 'APPLIED',
    orderId: idOf(n),
    customerId: 'c1',
    version,
    status: 'PENDING_PAYMENT',
    sourcePartition: 0,
    sourceOffset: n,
    occurredAt: 0,
    order: total === null ? null : { total },
    money: null,
  }) as OrderEvent;

it('keeps the total of the acceptance through later outcomes', () => {
  const memory = createMemory({ ordersMax: 10, eventsMax: 10 });
  memory.note(outcome(1));
  memory.note(outcome(1, 2, null));
  expect(memory.orders()).toMatchObject([{ version: 2, total: 10 }]);
});

it('evicts the oldest order first, and never a watched order', () => {
  const memory = createMemory({ ordersMax: 2, eventsMax: 2 });
  memory.note(outcome(1));
  memory.watch(memory.orders());
  for (const n of [2, 3, 4, 5, 6]) memory.note(outcome(n));
  expect(memory.orders().map((order) => order.orderId)).toEqual([idOf(5), idOf(6), idOf(1)]);
  expect(memory.events().map((event) => event.sourceOffset)).toEqual([5, 6]);
  memory.note(outcome(1, 2, null));
  memory.note(outcome(7));
  memory.note(outcome(8));
  expect(memory.order(idOf(1))).toMatchObject({ version: 2, total: 10 });
  memory.unwatch(idOf(1));
  expect(memory.order(idOf(1))).toBeUndefined();
});

it('ignores outcomes that change no order', () => {
  const memory = createMemory({ ordersMax: 10, eventsMax: 10 });
  memory.note({ ...outcome(1), outcome: 'DUPLICATE' });
  memory.note({ ...outcome(2), orderId: 'no order' });
  expect(memory.orders()).toEqual([]);
});
