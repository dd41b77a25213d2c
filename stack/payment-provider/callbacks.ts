/** Sends stored callbacks until each one is accepted, and runs the timers of the provider. */

import { errorMessage } from '../../services/shared/errors/index.ts';
import type { Logger } from '../../services/shared/log/index.ts';
import { signWebhook } from '../../services/shared/standard-webhooks/index.ts';
import type { DeliveryRow, ProviderStore } from './store.ts';

export interface CallbacksDeps {
  readonly store: ProviderStore;
  readonly callbackUrl: string;
  readonly nowMs: () => number;
  readonly runTimers: () => void;
  readonly log: Logger;
}

export interface Callbacks {
  /** Reports that deliveries or timers may be due now. */
  wake(): void;
  stop(): Promise<void>;
}

const inFlightMax = 32;
const attemptMs = 10_000;
/** The delay doubles from the first to the second. */
const retryDelayMinMs = 100;
const retryDelayMaxMs = 30_000;
const givenUpAfterMs = 3 * 86_400_000;
const idleMs = 200;

export function startCallbacks(deps: CallbacksDeps): Callbacks {
  const { store, nowMs, log } = deps;
  const sending = new Map<number, Promise<void>>();
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;

  const turn = (): void => {
    timer = null;
    if (stopped) return;
    try {
      deps.runTimers();
      for (const delivery of dueDeliveries()) {
        const done = send(deps, delivery).finally(() => {
          sending.delete(delivery.id);
          arm(0);
        });
        sending.set(delivery.id, done);
      }
    } catch (error) {
      log.error({ err: error }, 'the provider cannot send callbacks');
    }
    arm(nextWaitMs());
  };

  const dueDeliveries = (): DeliveryRow[] => {
    const free = inFlightMax - sending.size;
    if (free <= 0) return [];
    const due = store.all<DeliveryRow>(
      'SELECT * FROM deliveries WHERE due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?',
      ...[nowMs(), inFlightMax + free],
    );
    return due.filter(({ id }) => !sending.has(id)).slice(0, free);
  };

  /** Sooner if something is due sooner. */
  const nextWaitMs = (): number => {
    const { due } = store.one<{ due: number | null }>(
      'SELECT MIN(at) AS due FROM (SELECT MIN(at_ms) AS at FROM timers UNION ALL SELECT MIN(due_at_ms) FROM deliveries)',
    )!;
    if (due === null || sending.size > 0) return idleMs;
    return Math.min(idleMs, Math.max(1, due - nowMs()));
  };

  let armedForMs = Number.POSITIVE_INFINITY;
  const arm = (waitMs: number): void => {
    const atMs = performance.now() + waitMs;
    if (stopped || (timer !== null && armedForMs <= atMs)) return;
    if (timer !== null) clearTimeout(timer);
    armedForMs = atMs;
    timer = setTimeout(turn, waitMs);
  };

  arm(0);
  return {
    wake: () => arm(0),
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await Promise.all(sending.values());
    },
  };
}

/** Makes one attempt. Its result is stored before another attempt can begin. */
async function send({ store, callbackUrl, nowMs, log }: CallbacksDeps, delivery: DeliveryRow): Promise<void> {
  const { id, event_id: eventId, body, attempts, created_at_ms: createdAtMs } = delivery;
  const secrets = (store.secrets() ?? [])
    .filter(({ untilMs }) => untilMs === null || nowMs() < untilMs)
    .map(({ secret }) => secret);
  const failure = await post(callbackUrl, body, {
    ...signWebhook(secrets, { id: eventId, payload: body }, nowMs()),
  });
  if (failure === null) {
    store.run('DELETE FROM deliveries WHERE id = ?', id);
    return;
  }
  const isLast = nowMs() - createdAtMs > givenUpAfterMs;
  log.warn(
    { eventId, attempts: attempts + 1, reason: failure, isLast },
    'the receiver did not accept a callback',
  );
  if (isLast) {
    store.run('DELETE FROM deliveries WHERE id = ?', id);
    return;
  }
  const delayMs = Math.min(retryDelayMaxMs, retryDelayMinMs * 2 ** Math.min(attempts, 10));
  store.run(
    'UPDATE deliveries SET attempts = attempts + 1, due_at_ms = ? WHERE id = ?',
    nowMs() + delayMs,
    id,
  );
}

/** Returns null if the callback was accepted, otherwise the reason. */
async function post(url: string, body: string, signed: Record<string, string>): Promise<string | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...signed },
      redirect: 'manual',
      signal: AbortSignal.timeout(attemptMs),
    });
    await answer.arrayBuffer();
    return answer.ok ? null : `the receiver answered ${answer.status}`;
  } catch (error) {
    return errorMessage(error);
  }
}
