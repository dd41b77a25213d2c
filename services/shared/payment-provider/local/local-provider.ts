/** The adapter of the local provider, the process in `stack/payment-provider/`. */
import { Compile } from 'typebox/compile';
import { appError } from '../../errors/index.ts';
import type { FoundRefund, PaymentProvider, ProviderRecord, RefundResult, SessionResult } from '../port.ts';
import { createJsonCaller, type JsonAnswer } from './json-call.ts';
import { readLocalCallback } from './read-callback.ts';
import {
  RefundAnswer,
  RefundsAnswer,
  RefusalAnswer,
  SessionAnswer,
  type TransactionData,
  TransactionsAnswer,
} from './shapes.ts';

interface LocalProviderOptions {
  /** Base URL of the provider's API. */
  readonly url: string;
  /** Key of the provider's API, read for each call. */
  readonly key: string;
  /** Secrets `whsec_…` that may sign callbacks, read for each one; two during a rotation. */
  readonly callbackSecrets: readonly string[];
  /** Time limit of one call. */
  readonly timeoutMs: number;
}

const localProviderName = 'local';

const sessionAnswer = Compile(SessionAnswer);
const refundAnswer = Compile(RefundAnswer);
const refundsAnswer = Compile(RefundsAnswer);
const refusalAnswer = Compile(RefusalAnswer);
const transactionsAnswer = Compile(TransactionsAnswer);

export function createLocalProvider(options: LocalProviderOptions): PaymentProvider & { close(): void } {
  const caller = createJsonCaller(options);
  return {
    name: localProviderName,
    async createSession({ orderId, amount, currency, expiresAtMs, returnUrl }): Promise<SessionResult> {
      const body = { key: orderId, reference: orderId, amount, currency, expiresAtMs, returnUrl };
      const answer = await caller.call('POST', '/v1/sessions', body);
      if (isSuccess(answer) && sessionAnswer.Check(answer.body)) {
        const { url, expiresAtMs: endsAtMs } = answer.body;
        return { status: 'created', url, expiresAtMs: endsAtMs };
      }
      const refusal = refusalOf(answer);
      return refusal === null
        ? { status: 'unavailable', reason: reasonOf(answer) }
        : { status: 'refused', reason: refusal.reason };
    },
    async refund({ refundId, providerPaymentId, amount, currency }): Promise<RefundResult> {
      const body = { key: refundId, payment: providerPaymentId, amount, currency };
      const answer = await caller.call('POST', '/v1/refunds', body);
      if (isSuccess(answer) && refundAnswer.Check(answer.body)) return madeRefund(answer.body);
      const refusal = refusalOf(answer);
      return refusal === null
        ? { status: 'unknown', reason: reasonOf(answer) }
        : { status: 'refused', ...refusal };
    },
    async findRefund(refundId, providerPaymentId): Promise<FoundRefund> {
      const query = new URLSearchParams({ key: refundId, payment: providerPaymentId });
      const answer = await caller.call('GET', `/v1/refunds?${query}`);
      if (!isSuccess(answer) || !refundsAnswer.Check(answer.body))
        return { status: 'unknown', reason: reasonOf(answer) };
      const { refunds } = answer.body;
      // An expired key may have made two refunds. A refund that was paid or is pending counts more than a
      // failed one.
      const made = refunds.find(({ status }) => status !== 'failed') ?? refunds[0];
      return made === undefined ? { status: 'none' } : madeRefund(made);
    },
    async *list(fromMs, toMs): AsyncGenerator<ProviderRecord> {
      for (let after: string | null = ''; after !== null; ) {
        const query = new URLSearchParams({ from: String(fromMs), to: String(toMs), after });
        const answer = await caller.call('GET', `/v1/transactions?${query}`);
        if (!isSuccess(answer) || !transactionsAnswer.Check(answer.body)) throw unavailable(reasonOf(answer));
        const { transactions, next } = answer.body;
        // Such a list would have no end.
        if (next !== null && (next === after || transactions.length === 0))
          throw unavailable('a page without transactions names a next page, or itself');
        for (const row of transactions) yield recordOf(row);
        after = next;
      }
    },
    readCallback: (headers, raw, nowMs) => readLocalCallback(options.callbackSecrets, headers, raw, nowMs),
    close: () => caller.close(),
  };
}

function unavailable(reason: string): Error {
  return appError('PROVIDER_UNAVAILABLE', { provider: localProviderName, reason });
}

type Answer = Extract<JsonAnswer, { kind: 'answer' }>;

function isSuccess(answer: JsonAnswer): answer is Answer {
  return answer.kind === 'answer' && answer.status >= 200 && answer.status < 300;
}

/** These refusals are temporary or come from a proxy. They are no answer to the request itself. */
const passingStatuses: ReadonlySet<number> = new Set([401, 403, 408, 409, 425, 429]);

/** The provider's code and words if it refused the request itself, otherwise null. */
function refusalOf(answer: JsonAnswer): { code: string; reason: string } | null {
  if (answer.kind === 'none' || answer.status < 400 || passingStatuses.has(answer.status)) return null;
  if (!refusalAnswer.Check(answer.body)) return null;
  const { code, message } = answer.body;
  return { code, reason: `${code}: ${message}` };
}

function reasonOf(answer: JsonAnswer): string {
  if (answer.kind === 'none') return answer.reason;
  const { status, body } = answer;
  return refusalAnswer.Check(body)
    ? `the provider answered ${status}: ${body.code}`
    : `the provider answered ${status} with an unknown body`;
}

function madeRefund({ id, status, reason, amount, currency }: RefundAnswer) {
  return { status, providerRefundId: id, failureCode: reason, amount, currency };
}

function recordOf(row: TransactionData): ProviderRecord {
  const { id, payment, reference, amount, currency, atMs } = row;
  if (row.kind === 'payment')
    return { kind: 'payment', atMs, providerPaymentId: id, reference, amount, currency };
  const { status } = row;
  return { kind: 'refund', atMs, providerPaymentId: payment, status, providerRefundId: id, amount, currency };
}
