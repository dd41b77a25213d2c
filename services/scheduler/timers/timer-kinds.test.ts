import { expect, it } from 'vitest';
import { type DueOrder, minuteSinceDue, timerCommand } from './timer-kinds.ts';

const dueAtMs = 1_700_000_000_000;
const timerAtMs = dueAtMs + 60_000;
const order: DueOrder = {
  orderKey: 7,
  orderId: '0b0b0b0b-0c0c-8d0d-8e0e-0f0f0f0f0f0f',
  status: 'PENDING_PAYMENT',
  timerAtMs,
  paymentDueAtMs: dueAtMs,
};
const idAt = (nowMs: number, changes: Partial<DueOrder> = {}): string =>
  timerCommand({ ...order, ...changes }, nowMs).commandId;

it('an unpaid order that is due gets EXPIRE with its deadline, the given time and no customer', () => {
  expect(timerCommand(order, timerAtMs + 5)).toMatchObject({
    type: 'EXPIRE',
    orderId: '0b0b0b0b-0c0c-8d0d-8e0e-0f0f0f0f0f0f',
    commandId: expect.stringMatching(/^expire:[0-9a-f]{32}$/),
    actor: 'scheduler',
    customerId: null,
    issuedAt: 1_700_000_060_005,
    payload: { dueAt: 1_700_000_000_000 },
  });
});

it('a delivered order whose return window has ended gets CLOSE', () => {
  expect(timerCommand({ ...order, status: 'DELIVERED', paymentDueAtMs: null }, timerAtMs)).toMatchObject({
    type: 'CLOSE',
    commandId: expect.stringMatching(/^close:[0-9a-f]{32}$/),
    issuedAt: 1_700_000_060_000,
    payload: {},
  });
});

it('the id changes with each minute since the order became due, and not within one', () => {
  expect(idAt(timerAtMs + 59_999)).toBe(idAt(timerAtMs));
  expect(idAt(timerAtMs + 60_000)).not.toBe(idAt(timerAtMs));
  expect([0, 59_999, 60_000, 119_999, 120_000].map((ms) => minuteSinceDue(order, timerAtMs + ms))).toEqual([
    0, 0, 1, 1, 2,
  ]);
});

it('the id differs between orders, and between timers of one order', () => {
  const other = { orderId: '1b0b0b0b-0c0c-8d0d-8e0e-0f0f0f0f0f0f' };
  const ids = [idAt(timerAtMs), idAt(timerAtMs, other), idAt(timerAtMs, { timerAtMs: timerAtMs - 1 })];
  expect(new Set(ids).size).toBe(3);
});

it('a status without a timer is refused', () => {
  expect(() => timerCommand({ ...order, status: 'PAID' }, timerAtMs)).toThrow(RangeError);
});
