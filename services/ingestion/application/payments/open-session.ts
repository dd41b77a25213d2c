/** Opens the page on which a customer pays one order. */
import type { OrderResource } from '../../../domain/index.ts';
import type { PaymentProvider } from '../../../shared/payment-provider/index.ts';
import { noTraces, providerSpec, type Traces } from '../../../shared/trace/index.ts';
import { Failure } from '../common/failure.ts';
import type { ReadTurns } from '../limits/reads.ts';
import type { OrderState } from '../read/status.ts';
import type { PaymentSession, SessionStore } from './session-store.ts';

interface SessionInput {
  readonly state: OrderState;
  readonly customerId: string;
  /** Name of the provider; null for the first one that is configured. */
  readonly provider: string | null;
  /** Where the customer goes afterwards. */
  readonly returnUrl: string | null;
  /** Of the request; null if there is none. */
  readonly traceparent: string | null;
}

/**
 * The session of the order. The failure is NOTHING_TO_PAY, NOT_PAYABLE, PROVIDER_UNAVAILABLE, SHARE_USED_UP or
 * STATE_UNAVAILABLE. Never rejects.
 */
export type OpenSession = (input: SessionInput) => Promise<PaymentSession | Failure>;

export interface OpenSessionDeps {
  readonly sessions: SessionStore;
  /** The configured providers, by name. The first one is the default. */
  readonly providers: ReadonlyMap<string, Pick<PaymentProvider, 'name' | 'createSession'>>;
  /** Turns at the database. */
  readonly reads: ReadTurns;
  /** Turns at the providers, which may hang. */
  readonly providerTurns: ReadTurns;
  readonly nowMs: () => number;
  readonly traces?: Traces;
}

const retryAfterMs = 2_000;

export function createOpenSession({
  sessions,
  providers,
  reads,
  providerTurns,
  nowMs,
  traces = noTraces,
}: OpenSessionDeps): OpenSession {
  return async ({ state, customerId, provider: name, returnUrl, traceparent }) => {
    const payable = payableOf(state, nowMs());
    if (payable instanceof Failure) return payable;
    const { order, dueAtMs } = payable;
    const known = await reads.run(customerId, () => sessions.find(order.id));
    if (known !== null) return known;
    const provider = name === null ? providers.values().next().value : providers.get(name);
    if (provider === undefined) return notConfigured;
    const { currency, totals } = order;
    const request = { orderId: order.id, amount: totals.total, currency, expiresAtMs: dueAtMs, returnUrl };
    const result = await providerTurns.run(customerId, async () => {
      const span = traces.startChild(providerSpec('createSession', provider.name), traceparent);
      const created = await provider.createSession(request);
      span?.end(created.status === 'created' ? null : created.status);
      return created;
    });
    if (result instanceof Failure) return result;
    if (result.status === 'unavailable') return unavailable(result.reason);
    if (result.status === 'refused') return new Failure('NOT_PAYABLE', { detail: refusedDetail });
    const { url, expiresAtMs } = result;
    const session = { orderId: order.id, provider: provider.name, url, expiresAtMs };
    return reads.run(customerId, () => sessions.keep(session, nowMs()));
  };
}

/** The order and its due time, or why nobody can pay it now. */
function payableOf(state: OrderState, nowMs: number): { order: OrderResource; dueAtMs: number } | Failure {
  if (state.kind === 'queued') return notPayable('The order has no outcome yet.');
  if (state.kind === 'deadLettered') return notPayable('The command made no order.');
  const { order } = state;
  if (order.totals.total === 0) return new Failure('NOTHING_TO_PAY');
  if (order.status !== 'PENDING_PAYMENT' || order.paymentDueAt === undefined)
    return notPayable(`The order is ${order.status}.`);
  const dueAtMs = Date.parse(order.paymentDueAt);
  return nowMs < dueAtMs ? { order, dueAtMs } : notPayable('The time to pay is over.');
}

const refusedDetail = 'The payment provider cannot take this amount in this currency.';

function notPayable(detail: string): Failure {
  return new Failure('NOT_PAYABLE', { detail });
}

/** The provider's words are for the log only. */
function unavailable(reason: string): Failure {
  return new Failure('PROVIDER_UNAVAILABLE', { retryAfterMs, cause: new Error(reason) });
}

const notConfigured = new Failure('PROVIDER_UNAVAILABLE', {
  detail: 'No payment provider is configured.',
  retryAfterMs,
});
