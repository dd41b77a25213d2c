import { describe, expect, test } from 'vitest';
import type { FoundRefund, PaymentCommand, RefundResult } from '../../shared/payment-provider/index.ts';
import { type PerformDeps, perform } from './perform.ts';
import type { Attempt, Step } from './plan.ts';
import type { LeasedRefund } from './refund-queue.ts';

const nowMs = 1_800_000_000_000;
const hourMs = 3_600_000;

const refund = {
  refundId: '0f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b12',
  orderId: '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11',
  provider: 'local',
  providerPaymentId: 'pay_1',
  amount: 9_899,
  currency: 'JPY',
  reason: 'LATE',
};
const made = { providerRefundId: 're_1', failureCode: null, amount: 9_899, currency: 'JPY' } as const;
const unknown = { status: 'unknown', reason: 'no answer within 10 ms' } as const;
const refused = { status: 'refused', code: 'REFUND_TOO_LARGE', reason: 'REFUND_TOO_LARGE: 0' } as const;

/** Runs one step with these answers of the provider, in turn. */
async function run(
  step: Step,
  answers: { refund?: RefundResult[]; find?: FoundRefund[] },
  more: { attempt?: Partial<Attempt>; earlierAtMs?: number | null; logProblem?: string } = {},
) {
  const calls: string[] = [];
  const commands: PaymentCommand[] = [];
  const results: string[] = [];
  const provider = {
    name: 'local',
    async refund() {
      calls.push('refund');
      return answers.refund!.shift()!;
    },
    async findRefund() {
      calls.push('find');
      return answers.find!.shift()!;
    },
  };
  const deps: PerformDeps = {
    async append(command) {
      commands.push(command);
      return more.logProblem ?? null;
    },
    nowMs: () => nowMs,
    random: () => 0,
    retryMinMs: 10_000,
    onCall: () => undefined,
    onResult: (result) => void results.push(result),
  };
  const attempt: Attempt = {
    ...{ state: 'OPEN', attempts: 1, firstAtMs: nowMs - 90_000, lastAtMs: nowMs - 90_000 },
    ...more.attempt,
  };
  const { earlierAtMs = null } = more;
  const leased: LeasedRefund = { refund, step, attempt, earlierAtMs, leasedUntilMs: nowMs + 1 };
  return { settlement: await perform(deps, provider, leased), calls, commands, results };
}

describe('a call', () => {
  test('that succeeds is one RECORD_REFUND with the id of the callback about it', async () => {
    const { settlement, calls, commands, results } = await run('refund', {
      refund: [{ status: 'succeeded', ...made }],
    });
    expect(settlement).toEqual({ state: 'TOLD', dueAtMs: nowMs + 60_000, error: null });
    expect(calls).toEqual(['refund']);
    expect(results).toEqual(['succeeded']);
    expect(commands).toMatchObject([
      {
        commandId: 'refund:3a70748674a6f889fc9c5fe32c02d8ad',
        type: 'RECORD_REFUND',
        orderId: refund.orderId,
        payload: {
          refundId: refund.refundId,
          providerRefundId: 're_1',
          succeeded: true,
          amount: 9_899,
          currency: 'JPY',
        },
      },
    ]);
  });

  test('that is pending produces nothing and is looked up hourly', async () => {
    const { settlement, commands } = await run('refund', { refund: [{ status: 'pending', ...made }] });
    expect(settlement).toEqual({ state: 'PENDING', dueAtMs: nowMs + hourMs, error: null });
    expect(commands).toEqual([]);
  });

  test('that the provider fails is a failure with its code', async () => {
    const failed = { ...made, status: 'failed', failureCode: 'account_closed' } as const;
    const { commands, results } = await run('refund', { refund: [failed] });
    expect(commands).toMatchObject([
      { payload: { succeeded: false, providerRefundId: 're_1', failureCode: 'account_closed' } },
    ]);
    expect(results).toEqual(['failed']);
  });

  test('without an answer produces nothing and comes again', async () => {
    const { settlement, commands } = await run('refund', { refund: [unknown] });
    expect(settlement).toEqual({ state: 'OPEN', dueAtMs: nowMs + 10_000, error: unknown.reason });
    expect(commands).toEqual([]);
  });

  test('that is refused is a failure once the provider says that it has no such refund', async () => {
    const { calls, commands } = await run('refund', { refund: [refused], find: [{ status: 'none' }] });
    expect(calls).toEqual(['refund', 'find']);
    expect(commands).toMatchObject([
      { payload: { succeeded: false, providerRefundId: null, failureCode: 'REFUND_TOO_LARGE' } },
    ]);
  });

  test('that is refused proves nothing while an earlier call without an answer may still arrive', async () => {
    const answers = () => ({ refund: [refused], find: [{ status: 'none' as const }] });
    const early = await run('refund', answers(), { earlierAtMs: nowMs - 59_999 });
    expect(early.settlement).toMatchObject({ state: 'OPEN', error: refused.reason });
    expect(early.commands).toEqual([]);
    const later = await run('refund', answers(), { earlierAtMs: nowMs - 60_000 });
    expect(later.commands).toMatchObject([{ payload: { failureCode: 'REFUND_TOO_LARGE' } }]);
  });

  test('that is refused because an earlier one succeeded is a success', async () => {
    const found = { status: 'succeeded', ...made } as const;
    const { commands } = await run('refund', { refund: [refused], find: [found] });
    expect(commands).toMatchObject([{ payload: { succeeded: true, providerRefundId: 're_1' } }]);
  });

  test('that is refused is no failure while the provider does not say whether it has the refund', async () => {
    const { settlement, commands } = await run('refund', { refund: [refused], find: [unknown] });
    expect(settlement).toMatchObject({ state: 'OPEN', error: unknown.reason });
    expect(commands).toEqual([]);
  });

  test('whose result is perhaps not in the log comes again', async () => {
    const { settlement, results } = await run(
      'refund',
      { refund: [{ status: 'succeeded', ...made }] },
      { logProblem: 'the record may have reached a broker' },
    );
    expect(settlement).toMatchObject({ state: 'OPEN', dueAtMs: nowMs + 10_000 });
    expect(results).toEqual([]);
  });
});

describe('a call with a key that the provider may have forgotten', () => {
  test('is not made if the provider has the refund', async () => {
    const { calls, commands } = await run('findThenRefund', { find: [{ status: 'succeeded', ...made }] });
    expect(calls).toEqual(['find']);
    expect(commands).toHaveLength(1);
  });

  test('is not made without an answer', async () => {
    expect((await run('findThenRefund', { find: [unknown] })).calls).toEqual(['find']);
  });

  test('is made after the proof that there is none', async () => {
    const answers = { find: [{ status: 'none' }], refund: [{ status: 'succeeded', ...made }] } as const;
    const { calls } = await run('findThenRefund', { find: [...answers.find], refund: [...answers.refund] });
    expect(calls).toEqual(['find', 'refund']);
  });
});

describe('the last lookup', () => {
  const exhausted = { attempts: 10, firstAtMs: nowMs - hourMs, lastAtMs: nowMs - 60_000 };

  test('gives up if there is no refund: FAILED without a refund of the provider', async () => {
    const { commands, results, calls } = await run(
      'giveUp',
      { find: [{ status: 'none' }] },
      { attempt: exhausted, earlierAtMs: exhausted.lastAtMs },
    );
    expect(calls).toEqual(['find']);
    expect(results).toEqual(['given_up']);
    expect(commands).toMatchObject([
      { payload: { succeeded: false, providerRefundId: null, failureCode: null, amount: 9_899 } },
    ]);
  });

  test('within a minute of the last call proves nothing', async () => {
    const attempt = { ...exhausted, lastAtMs: nowMs - 59_000 };
    const more = { attempt, earlierAtMs: attempt.lastAtMs };
    const { settlement, commands } = await run('giveUp', { find: [{ status: 'none' }] }, more);
    expect(settlement).toMatchObject({ state: 'OPEN', dueAtMs: nowMs + 1_000 });
    expect(commands).toEqual([]);
  });

  test('without an answer leaves the refund REQUESTED and comes hourly', async () => {
    const { settlement, commands } = await run('giveUp', { find: [unknown] }, { attempt: exhausted });
    expect(settlement).toMatchObject({ state: 'OPEN', dueAtMs: nowMs + hourMs });
    expect(commands).toEqual([]);
  });

  test('finds what the lost answers hid', async () => {
    const { results } = await run(
      'giveUp',
      { find: [{ status: 'succeeded', ...made }] },
      { attempt: exhausted },
    );
    expect(results).toEqual(['succeeded']);
  });
});

describe('a refund that the provider had', () => {
  test('and has no more is called again', async () => {
    const { settlement } = await run(
      'find',
      { find: [{ status: 'none' }] },
      { attempt: { state: 'PENDING' } },
    );
    expect(settlement).toMatchObject({ state: 'OPEN', dueAtMs: nowMs + 10_000 });
  });

  test('is not called again once its result is in the log, because the result may be a failure', async () => {
    const { settlement, commands } = await run(
      'find',
      { find: [{ status: 'none' }] },
      { attempt: { state: 'TOLD' } },
    );
    expect(settlement).toMatchObject({ state: 'TOLD', dueAtMs: nowMs + hourMs });
    expect(commands).toEqual([]);
  });

  test('stays pending without an answer', async () => {
    const { settlement } = await run('find', { find: [unknown] }, { attempt: { state: 'PENDING' } });
    expect(settlement).toMatchObject({ state: 'PENDING' });
  });

  test('is told again if its result did not reach the table', async () => {
    const { settlement, commands } = await run(
      'find',
      { find: [{ status: 'succeeded', ...made }] },
      { attempt: { state: 'TOLD' } },
    );
    expect(settlement).toEqual({ state: 'TOLD', dueAtMs: nowMs + hourMs, error: null });
    expect(commands).toHaveLength(1);
  });
});
