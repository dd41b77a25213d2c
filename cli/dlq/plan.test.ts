import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadLetterAt, judged } from './fixtures.ts';
import { planRedrive } from './plan.ts';

const rules = { maxAttempts: 5, force: false, openOfOrders: [] };
const failing = { verdict: 'fail', code: 'BAD_MAGIC', why: 'no frame' } as const;
const sentOf = (plan: ReturnType<typeof planRedrive>) =>
  plan.send.map(({ deadLetter }) => deadLetter.position);
const heldOf = (plan: ReturnType<typeof planRedrive>) =>
  plan.held.map(({ deadLetter, code }) => `${deadLetter.position} ${code}`);

describe('planRedrive', () => {
  it('sends in source order, for any order of the given positions', () => {
    const plan = planRedrive(
      [judged(deadLetterAt(1, 0), 'a'), judged(deadLetterAt(0, 10), 'b'), judged(deadLetterAt(0, 9), 'b')],
      rules,
    );
    expect(sentOf(plan)).toEqual(['0-9', '0-10', '1-0']);
  });

  it.each([
    ['a dead letter that fails again', judged(deadLetterAt(0, 1), 'a', failing), 'BAD_MAGIC'],
    [
      'a dead letter whose bytes no longer exist',
      judged(deadLetterAt(0, 1), 'a', { verdict: 'gone', code: 'GONE' }),
      'GONE',
    ],
    ['a dead letter with too many attempts', judged(deadLetterAt(0, 1, { attempts: 5 }), 'a'), 'ATTEMPTS'],
    ['a redriven dead letter', judged(deadLetterAt(0, 1, { status: 'REDRIVEN' }), 'a'), 'REDRIVEN'],
  ])('holds back %s, and later records of its key', (_name, first, code) => {
    const plan = planRedrive(
      [first, judged(deadLetterAt(0, 2), 'a'), judged(deadLetterAt(0, 3), 'b')],
      rules,
    );
    expect(heldOf(plan)).toEqual([`0-1 ${code}`, '0-2 BEHIND']);
    expect(sentOf(plan)).toEqual(['0-3']);
  });

  it('reports which dead letter blocks another', () => {
    const first = judged(deadLetterAt(0, 1), 'a', failing);
    const { held } = planRedrive(
      [first, judged(deadLetterAt(0, 2), 'a'), judged(deadLetterAt(0, 3), 'a')],
      rules,
    );
    expect(held.slice(1).map(({ why }) => why)).toEqual(Array(2).fill('0-1 of the same key comes before it'));
  });

  it('sends a record of unknown result, and holds back later records of its key', () => {
    const unsure = judged(deadLetterAt(0, 1), 'a', { verdict: 'unsure', code: 'QUARANTINED' });
    const plan = planRedrive([unsure, judged(deadLetterAt(0, 2), 'a')], rules);
    expect(sentOf(plan)).toEqual(['0-1']);
    expect(heldOf(plan)).toEqual(['0-2 BEHIND']);
  });

  it('forces a record that would fail again, but not beyond the limit, and no command that would stop its lane', () => {
    const undecided = { ...failing, code: 'NOT_DECIDED' };
    const plan = planRedrive(
      [
        judged(deadLetterAt(0, 1), 'a', failing),
        judged(deadLetterAt(0, 2), 'b', undecided),
        judged(deadLetterAt(0, 3, { attempts: 9 }), 'c', failing),
      ],
      { ...rules, force: true },
    );
    expect(sentOf(plan)).toEqual(['0-1']);
    expect(heldOf(plan)).toEqual(['0-2 NOT_DECIDED', '0-3 ATTEMPTS']);
  });

  it('overtakes no open dead letter of the same order, also if it is not selected', () => {
    const orderId = '00000000-0000-8000-8000-000000000001';
    const later = judged(deadLetterAt(0, 7, { orderId }), orderId);
    const openOfOrders = [{ orderId, partition: 0, offset: 3 }];
    expect(heldOf(planRedrive([later], { ...rules, openOfOrders }))).toEqual(['0-7 BEHIND']);
    const both = [judged(deadLetterAt(0, 3, { orderId }), orderId), later];
    expect(sentOf(planRedrive(both, { ...rules, openOfOrders }))).toEqual(['0-3', '0-7']);
    const behind = [7, 9].map((offset) => ({ orderId, partition: 0, offset }));
    expect(sentOf(planRedrive([later], { ...rules, openOfOrders: behind }))).toEqual(['0-7']);
  });

  it('sends nothing after a blocked dead letter of the same key, and plans each dead letter once', () => {
    const anyLetter = fc.record({
      partition: fc.nat({ max: 1 }),
      offset: fc.nat({ max: 20 }),
      key: fc.constantFrom('a', 'b', 'c'),
      verdict: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const, 'unsure' as const),
      attempts: fc.integer({ min: 1, max: 6 }),
    });
    const anyChoice = fc.uniqueArray(anyLetter, { selector: (each) => `${each.partition}-${each.offset}` });
    fc.assert(
      fc.property(anyChoice, fc.boolean(), (choice, force) => {
        const deadLetters = choice.map(({ partition, offset, key, verdict, attempts }) =>
          judged(deadLetterAt(partition, offset, { attempts }), key, { verdict }),
        );
        const { send, held } = planRedrive(deadLetters, { ...rules, force });
        expect(send.length + held.length).toBe(deadLetters.length);
        for (const { deadLetter, judgement } of send) {
          const before = held.filter(
            (each) =>
              each.judgement.key === judgement.key &&
              each.deadLetter.partition === deadLetter.partition &&
              each.deadLetter.offset < deadLetter.offset,
          );
          expect(before).toEqual([]);
        }
      }),
    );
  });
});
