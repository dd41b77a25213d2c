import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMailBudget } from './mail-budget.ts';

const nowMs = 1_800_000_000_000;
const dayMs = 86_400_000;
const limits = { perAddressDay: 20, perCustomerMinute: 600 };
const to = (address: string, customerId = 'c1') => ({ customerId, address });
const times = (count: number, mail: ReturnType<typeof to>) => Array.from({ length: count }, () => mail);

it('sends a stranger some mails at once, few later, and withholds the rest', () => {
  const { dueAtMs } = createMailBudget(limits).plan(times(300, to('stranger@example.org')), nowMs);
  expect(dueAtMs.filter((due) => due === nowMs)).toHaveLength(20);
  expect(dueAtMs.filter((due) => due !== null)).toHaveLength(40);
  expect(Math.max(...dueAtMs.map(Number))).toBeLessThanOrEqual(nowMs + dayMs);
});

it('ignores upper and lower case of an address', () => {
  const budget = createMailBudget(limits);
  budget.plan(times(20, to('Ada@Example.org')), nowMs).charge();
  expect(budget.plan([to('ada@example.ORG')], nowMs).dueAtMs[0]).toBeGreaterThan(nowMs);
});

it('leaves an address mails of other customers after one customer has used up its budget', () => {
  const budget = createMailBudget(limits);
  budget.plan(times(300, to('ada@example.org', 'greedy')), nowMs).charge();
  expect(budget.plan(times(5, to('ada@example.org', 'shop')), nowMs).dueAtMs).toEqual(Array(5).fill(nowMs));
});

it('limits the mails of all customers together to one address', () => {
  const crowd = Array.from({ length: 100 }, (_, n) => times(20, to('ada@example.org', `c${n}`))).flat();
  const { dueAtMs } = createMailBudget(limits).plan(crowd, nowMs);
  expect(dueAtMs.filter((due) => due === nowMs)).toHaveLength(60);
  expect(dueAtMs.filter((due) => due !== null)).toHaveLength(120);
});

it('spreads the mails of one customer over time, and delays no other customer', () => {
  const budget = createMailBudget(limits);
  const many = Array.from({ length: 6_000 }, (_, n) => to(`a${n}@example.org`, 'greedy'));
  const plan = budget.plan(many, nowMs);
  plan.charge();
  expect(plan.dueAtMs.filter((due) => due === nowMs)).toHaveLength(600);
  expect(plan.dueAtMs.at(-1)).toBe(nowMs + 9 * 60_000);
  expect(budget.plan([to('b@example.org', 'other')], nowMs).dueAtMs).toEqual([nowMs]);
});

it('charges stored mails, and nothing for a plan that is given up', () => {
  const budget = createMailBudget(limits);
  for (let i = 0; i < 10; i++) budget.plan(times(20, to('ada@example.org')), nowMs);
  const plan = budget.plan(times(20, to('ada@example.org')), nowMs);
  expect(plan.dueAtMs).toEqual(Array(20).fill(nowMs));
  plan.charge();
  expect(budget.plan([to('ada@example.org')], nowMs).dueAtMs[0]).toBeGreaterThan(nowMs);
  expect(budget.plan([to('ada@example.org')], nowMs + dayMs).dueAtMs).toEqual([nowMs + dayMs]);
});

it('never plans more than twice its budget within any day', () => {
  const steps = fc.array(fc.record({ count: fc.nat(50), laterMs: fc.nat(dayMs / 4) }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (all) => {
      const budget = createMailBudget(limits);
      const dues: number[] = [];
      let at = nowMs;
      for (const { count, laterMs } of all) {
        at += laterMs;
        const plan = budget.plan(times(count, to('ada@example.org')), at);
        plan.charge();
        dues.push(...plan.dueAtMs.filter((due) => due !== null));
      }
      for (const from of dues)
        expect(dues.filter((due) => due >= from && due < from + dayMs).length).toBeLessThanOrEqual(40);
    }),
  );
});

it('keeps a bounded number of addresses', () => {
  const budget = createMailBudget({ perAddressDay: 1, perCustomerMinute: 1_000_000 });
  for (let n = 0; n < 60; n++) {
    budget
      .plan(
        Array.from({ length: 1_000 }, (_, m) => to(`a${n}-${m}@example.org`)),
        nowMs,
      )
      .charge();
  }
  expect(budget.plan([to('a59-999@example.org')], nowMs).dueAtMs).toEqual([nowMs + dayMs]);
  expect(budget.plan([to('a0-0@example.org')], nowMs).dueAtMs).toEqual([nowMs]);
});
