import { describe, expect, it } from 'vitest';
import { uuidToBytes } from '../../shared/mysql/index.ts';
import { createTally } from '../findings/tally.ts';
import {
  compareListedPayment,
  compareListedRefund,
  type ListedRecord,
  type OwnRefund,
} from './provider-records.ts';
import type { PaymentRow, RefundRow } from './rows.ts';
import { noteUnlisted } from './unlisted-money.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const nowMs = 100 * dayMs;
const paymentId = uuidToBytes('00000002-0000-8000-8000-000000000000');

const listed = (different: Partial<ListedRecord> = {}): ListedRecord => ({
  ...{ provider: 'local', provider_id: 'x-1', amount: 500, currency: 'EUR', status: 'captured' },
  ...{ changed_at_ms: nowMs, seen_at_ms: nowMs },
  ...{ payment_id: paymentId, paid: 500, paid_currency: 'EUR' },
  ...different,
});
const own = (different: Partial<OwnRefund> = {}): OwnRefund => ({
  ...{ payment_id: paymentId, amount: 500, currency: 'EUR', status: 'SUCCEEDED' },
  ...{ result_provider: 'local', provider_refund_id: 'x-1', settled_at_ms: nowMs - hourMs },
  ...different,
});

describe('a listed payment', () => {
  it('agrees with the same amount in the same currency', () => {
    expect(compareListedPayment(listed())).toBeNull();
  });

  it.each<[string, Partial<ListedRecord>, string]>([
    ['is in no table', { payment_id: null, paid: null, paid_currency: null }, 'no payment'],
    ['has another amount', { paid: 499 }, 'payment of 499 EUR'],
    ['has another currency', { paid_currency: 'USD' }, 'payment of 500 USD'],
  ])('differs if it %s', (_what, different, actual) => {
    expect(compareListedPayment(listed(different))).toEqual({
      ...{ kind: 'PROVIDER_DIFFERS', subject: 'local/x-1', expected: 'captured 500 EUR', actual },
    });
  });
});

describe('a listed refund', () => {
  const compared = (status: string, refunds: OwnRefund[], different: Partial<ListedRecord> = {}) =>
    compareListedRefund(listed({ status, ...different }), refunds)?.actual ?? null;
  const open = own({ status: 'REQUESTED', provider_refund_id: null, result_provider: null });

  it.each<[string, string, OwnRefund[]]>([
    ['has the same result', 'succeeded', [own()]],
    ['failed in both', 'failed', [own({ status: 'FAILED' })]],
    ['is pending, whatever our result is', 'pending', [own()]],
    ['failed, and we have no such refund', 'failed', []],
    ['is the one that we wait for', 'succeeded', [open]],
    ['was recorded by an operator', 'succeeded', [own({ result_provider: 'manual' })]],
  ])('agrees if it %s', (_what, status, refunds) => {
    expect(compared(status, refunds)).toBeNull();
  });

  it.each<[string, string, OwnRefund[], string]>([
    ['a person made it', 'succeeded', [], 'no refund'],
    ['a person made it beside ours', 'succeeded', [own({ provider_refund_id: 'x-2' })], 'no refund'],
    ['another provider made ours', 'succeeded', [own({ result_provider: 'other' })], 'no refund'],
    ['the open one has another amount', 'succeeded', [{ ...open, amount: 499 }], 'no refund'],
    ['the open one has another currency', 'succeeded', [{ ...open, currency: 'USD' }], 'no refund'],
    ['the amounts differ', 'succeeded', [own({ amount: 499 })], 'refund of 499 EUR SUCCEEDED'],
    ['it failed after all', 'failed', [own()], 'refund of 500 EUR SUCCEEDED'],
    ['it succeeded after all', 'succeeded', [own({ status: 'FAILED' })], 'refund of 500 EUR FAILED'],
  ])('differs if %s', (_what, status, refunds, actual) => {
    expect(compared(status, refunds)).toBe(actual);
  });

  it('that was listed before our result proves nothing about its status', () => {
    const settled = own({ settled_at_ms: nowMs });
    expect(compared('failed', [settled], { seen_at_ms: nowMs + 5 * minuteMs - 1 })).toBeNull();
    expect(compared('failed', [settled], { seen_at_ms: nowMs + 5 * minuteMs })).toBe(
      'refund of 500 EUR SUCCEEDED',
    );
  });
});

describe('money that must be listed', () => {
  const limits = { providerGraceMs: hourMs };
  const range = new Map([['local', { fromMs: nowMs - 30 * dayMs, toMs: nowMs }]]);
  const payment = (receivedAtMs: number, provider = 'local') =>
    ({
      provider,
      provider_payment_id: 'p-1',
      received_at_ms: receivedAtMs,
      amount: 5,
      currency: 'EUR',
    }) as PaymentRow;
  const refund = (different: Partial<RefundRow>) =>
    ({
      ...{
        status: 'SUCCEEDED',
        result_provider: 'local',
        provider_refund_id: 'r-1',
        amount: 5,
        currency: 'EUR',
      },
      ...{ requested_at_ms: nowMs - 2 * hourMs, settled_at_ms: nowMs - 2 * hourMs },
      ...different,
    }) as RefundRow;

  /** Subjects of the findings, if the provider lists these ids. */
  async function unlisted(
    payments: PaymentRow[],
    refunds: RefundRow[],
    ids: { payment?: string[]; refund?: string[] } = {},
  ): Promise<string[]> {
    const money = noteUnlisted(range, limits);
    money.add({ payments, refunds });
    const tally = createTally([], 10);
    const rows = async (_sql: string, [, kind]: readonly unknown[] = []) =>
      (ids[kind as 'payment' | 'refund'] ?? []).map((provider_id) => ({ provider_id }));
    await money.compare({ rows } as never, tally);
    return tally.kept().map(({ subject, expected, actual }) => `${subject}: ${expected}, ${actual}`);
  }

  it('is found if it is not listed', async () => {
    const rows: [PaymentRow[], RefundRow[]] = [[payment(nowMs - 2 * hourMs)], [refund({})]];
    expect(await unlisted(...rows)).toEqual([
      'local/p-1: nothing listed, payment of 5 EUR',
      'local/r-1: nothing listed, refund of 5 EUR SUCCEEDED',
    ]);
    expect(await unlisted(...rows, { payment: ['p-1'], refund: ['r-1'] })).toEqual([]);
    expect(await unlisted(...rows, { payment: ['r-1'], refund: ['p-1'] })).toHaveLength(2);
  });

  it.each<[string, PaymentRow[], RefundRow[]]>([
    ['newer than the list', [payment(nowMs - hourMs)], [refund({ settled_at_ms: nowMs - hourMs })]],
    [
      'perhaps older than the list',
      [payment(nowMs - 23 * dayMs - 1)],
      [refund({ requested_at_ms: nowMs - 30 * dayMs })],
    ],
    [
      'of a provider without a list',
      [payment(nowMs - dayMs, 'other')],
      [refund({ result_provider: 'manual' })],
    ],
    ['without a success', [], [refund({ status: 'FAILED' }), refund({ status: 'REQUESTED' })]],
  ])('is not missing if it is %s', async (_what, payments, refunds) => {
    expect(await unlisted(payments, refunds)).toEqual([]);
  });

  it('is missing at the edges of the list', async () => {
    expect(await unlisted([payment(nowMs - hourMs - 1)], [])).toHaveLength(1);
    expect(await unlisted([payment(nowMs - 23 * dayMs)], [])).toHaveLength(1);
    const requested = { requested_at_ms: nowMs - 30 * dayMs + 5 * minuteMs };
    expect(await unlisted([], [refund(requested)])).toHaveLength(1);
  });
});
