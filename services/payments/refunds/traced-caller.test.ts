import { expect, test } from 'vitest';
import type { FoundRefund, RefundResult } from '../../shared/payment-provider/index.ts';
import { noTraces } from '../../shared/trace/index.ts';
import { recordTraces } from '../../shared/trace/testing/recorded-traces.ts';
import type { RefundCaller } from './perform.ts';
import { traceCalls } from './traced-caller.ts';

const request = { refundId: 'r1', providerPaymentId: 'p1', amount: 1, currency: 'EUR' };
const caller = (refund: RefundResult, found: FoundRefund): RefundCaller => ({
  name: 'local',
  refund: async () => refund,
  findRefund: async () => found,
});
const refused = { status: 'refused', code: 'TOO_LARGE', reason: 'TOO_LARGE: 1' } as const;

test('each call is a span of one trace, and the last one is the parent of the command', async () => {
  const { traces, spans } = recordTraces();
  const traced = traceCalls(traces, caller(refused, { status: 'none' }));
  expect(traced.traceparent()).toBeNull();
  expect(await traced.provider.refund(request)).toBe(refused);
  await traced.provider.findRefund('r1', 'p1');
  const [first, second] = spans();
  expect(first).toMatchObject({ name: 'refund local', parent: null });
  expect(second).toMatchObject({ name: 'findRefund local', parent: first!.spanId, traceId: first!.traceId });
  expect([first, second].map((span) => span!.attributes)).toEqual([
    { 'service.peer.name': 'local', 'error.type': 'refused' },
    { 'service.peer.name': 'local' },
  ]);
  expect(traced.traceparent()).toBe(second!.traceparent);
});

test('without an SDK the provider is unchanged', () => {
  const provider = caller(refused, { status: 'none' });
  const traced = traceCalls(noTraces, provider);
  expect(traced.provider).toBe(provider);
  expect(traced.traceparent()).toBeNull();
});
