/** Payment sessions in memory, and a provider whose callbacks are real and whose sessions are set by the test. */
import type { Clock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import {
  createLocalProvider,
  type PaymentProvider,
  type SessionResult,
} from '../../shared/payment-provider/index.ts';
import { signWebhook } from '../../shared/standard-webhooks/index.ts';
import type { CallerLimits } from '../application/limits/index.ts';
import { createOpenSession } from '../application/payments/open-session.ts';
import { createReceiveCallback } from '../application/payments/receive-callback.ts';
import type { PaymentSession, SessionStore } from '../application/payments/session-store.ts';
import type { CommandLog } from '../application/submit/command-log.ts';
import type { RouteDeps } from '../http/routes/index.ts';

export const callbackSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export interface FakeProvider {
  /** Requests of sessions that reached the provider. */
  readonly asked: Parameters<PaymentProvider['createSession']>[0][];
  /** Its next answers. If there is none, it creates a session. */
  readonly answers: (SessionResult | Promise<SessionResult>)[];
}

export interface FakePaymentsDeps {
  readonly commandLog: CommandLog;
  readonly callerLimits: CallerLimits;
  readonly clock: Clock;
  readonly isAway: () => boolean;
}

export function createFakePayments(
  controls: FakeProvider,
  { commandLog, callerLimits, clock, isAway }: FakePaymentsDeps,
): Pick<RouteDeps, 'openSession' | 'callbacks'> {
  const local = createLocalProvider({
    ...{ url: 'http://127.0.0.1:1', key: 'none', timeoutMs: 1 },
    callbackSecrets: [callbackSecret],
  });
  const providers = new Map<string, PaymentProvider>([
    [
      'local',
      {
        ...local,
        async createSession(request) {
          controls.asked.push(request);
          const { orderId, expiresAtMs } = request;
          const url = `https://pay.example/${orderId}`;
          return (await controls.answers.shift()) ?? { status: 'created', url, expiresAtMs };
        },
      },
    ],
  ]);
  const { nowMs } = clock;
  return {
    openSession: createOpenSession({ sessions: fakeSessions(isAway), providers, ...callerLimits, nowMs }),
    callbacks: createReceiveCallback({ providers, commandLog, nowMs, metrics: noMetrics }),
  };
}

function fakeSessions(isAway: () => boolean): SessionStore {
  const rows = new Map<string, PaymentSession>();
  const find = async (orderId: string) => {
    if (isAway()) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
    return rows.get(orderId) ?? null;
  };
  return {
    find,
    async keep(session) {
      const { orderId, provider, url, expiresAtMs } = session;
      const kept = (await find(orderId)) ?? { provider, url, expiresAtMs };
      rows.set(orderId, kept);
      return kept;
    },
  };
}

/** An inject request with a callback of the local provider, signed now. */
export function callbackRequest(body: object | string, { secret = callbackSecret, atMs = Date.now() } = {}) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method: 'POST' as const,
    url: '/v1/payments/callbacks/local',
    headers: {
      'content-type': 'application/json',
      ...signWebhook([secret], { id: 'evt_1', payload }, atMs),
    } as Record<string, string>,
    payload,
  };
}
