/** Decrypts the secrets of endpoints just before signing. The process stores no decrypted secret. */
import type { Clock } from '../shared/clock/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { keyIdOf, type SecretBox } from '../shared/secrets/index.ts';
import type { Endpoint } from './endpoints.ts';

/** The endpoint with its secrets in clear text; null if one of them cannot be decrypted now. */
export type OpenSecrets = (endpoint: Endpoint) => Endpoint | null;

export interface Secrets {
  readonly open: OpenSecrets;
  /** For readiness: true, or the missing keys. A single damaged row does not count. */
  state(): true | string;
}

export interface SecretsDeps {
  readonly box: Pick<SecretBox, 'open' | 'keyIds'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Every postponed delivery is retried within this time. So readiness stops reporting a key that no delivery
 * missed for this long.
 */
const missedForMs = 90_000;
/** The maximum number of endpoints whose fault is logged once. Beyond it, each postponed delivery is logged. */
const loggedMax = 10_000;

export function createSecrets({ box, clock, log, metrics }: SecretsDeps): Secrets {
  const missing = new Map<string, number>();
  const logged = new Set<string>();

  const note = (endpoint: Endpoint, error: unknown): void => {
    metrics.inc('notification_secrets_unreadable_total');
    for (const stored of [endpoint.secret, endpoint.previousSecret ?? '']) {
      const keyId = keyIdOf(stored);
      if (keyId !== null && !box.keyIds.has(keyId)) missing.set(keyId, clock.monotonicMs());
    }
    // The deliveries of an endpoint come here repeatedly, so its fault is logged once.
    if (logged.has(endpoint.id)) return;
    log.error(
      { endpointId: endpoint.id, reason: errorMessage(error) },
      'notification cannot decrypt a webhook secret; it postpones the deliveries of the endpoint',
    );
    if (logged.size < loggedMax) logged.add(endpoint.id);
  };

  return {
    open(endpoint) {
      const { previousSecret } = endpoint;
      const owner = { endpointId: endpoint.id, customerId: endpoint.customerId };
      try {
        return {
          ...endpoint,
          secret: box.open(endpoint.secret, owner),
          previousSecret: previousSecret === null ? null : box.open(previousSecret, owner),
        };
      } catch (error) {
        note(endpoint, error);
        return null;
      }
    },
    state() {
      const sinceMs = clock.monotonicMs() - missedForMs;
      const now = [...missing].filter(([, seenAtMs]) => seenAtMs > sinceMs).map(([keyId]) => keyId);
      return now.length === 0 || `WEBHOOK_SECRET_KEYS lacks ${now.join(', ')}`;
    },
  };
}
