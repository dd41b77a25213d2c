import { beforeEach, expect, it } from 'vitest';
import { createSentCommands, type LanePosition, type SentCommands } from './sent-commands.ts';
import type { DueOrder } from './timer-kinds.ts';

const timerAtMs = 1_700_000_000_000;
const order: DueOrder = {
  orderKey: 7,
  orderId: '0b0b0b0b-0c0c-8d0d-8e0e-0f0f0f0f0f0f',
  status: 'PENDING_PAYMENT',
  timerAtMs,
  paymentDueAtMs: timerAtMs - 60_000,
};
const lane = (decided: number, published = decided, log = 'log-1'): LanePosition => ({
  log,
  decided,
  published,
});
let sent: SentCommands;

beforeEach(() => {
  sent = createSentCommands();
  sent.add(order, { partition: 3, nowMs: timerAtMs, offset: 100, log: 'log-1' });
});

it('a command that its lane has not decided is not repeated, even after its minute', () => {
  expect(sent.has(order, timerAtMs + 600_000, lane(100))).toBe(true);
});

it('a decided command is repeated only in a later minute', () => {
  expect(sent.has(order, timerAtMs + 59_999, lane(101))).toBe(true);
  expect(sent.has(order, timerAtMs + 60_000, lane(101))).toBe(false);
});

it('a command without an answer of the brokers is repeated in a later minute', () => {
  sent.add(order, { partition: 3, nowMs: timerAtMs, offset: null, log: 'log-1' });
  expect(sent.has(order, timerAtMs + 59_999, lane(0))).toBe(true);
  expect(sent.has(order, timerAtMs + 60_000, lane(0))).toBe(false);
});

it('a timer that moved gets its own command', () => {
  expect(sent.has({ ...order, timerAtMs: timerAtMs + 1 }, timerAtMs + 1, lane(0))).toBe(false);
});

it('records that wait are those between the last command and the published outcomes', () => {
  expect(sent.waiting(3, lane(40, 30))).toBe(71);
  expect(sent.waiting(4, lane(0))).toBe(0);
});

it('an idle lane that decided everything has no waiting records, although its published position stays behind', () => {
  expect(sent.waiting(3, lane(101, 0))).toBe(0);
});

it('positions of another log count for nothing', () => {
  expect(sent.waiting(3, lane(0, 0, 'log-2'))).toBe(0);
  expect(sent.has(order, timerAtMs + 60_000, lane(0, 0, 'log-2'))).toBe(false);
  sent.add(order, { partition: 3, nowMs: timerAtMs, offset: 4, log: 'log-2' });
  expect(sent.waiting(3, lane(0, 0, 'log-2'))).toBe(5);
});

it('forgets decided commands after their minute, and partitions that are not held', () => {
  const isKnown = (): boolean => sent.has(order, timerAtMs, lane(0));
  sent.prune(timerAtMs + 60_000, new Map([[3, lane(100)]]), [3]);
  expect(isKnown()).toBe(true);
  sent.prune(timerAtMs + 59_999, new Map([[3, lane(101)]]), [3]);
  expect(isKnown()).toBe(true);
  sent.prune(timerAtMs + 60_000, new Map([[3, lane(101)]]), [3]);
  expect(isKnown()).toBe(false);
  sent.add(order, { partition: 3, nowMs: timerAtMs, offset: 100, log: 'log-1' });
  sent.prune(timerAtMs, new Map([[3, lane(0)]]), [4]);
  expect([isKnown(), sent.waiting(3, lane(0))]).toEqual([false, 0]);
});
