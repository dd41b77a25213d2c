/** The secrets that sign callbacks. They are stored with the state, so that a rotation survives a restart. */
import { newWebhookSecret } from '../../services/shared/standard-webhooks/index.ts';
import type { ProviderStore } from './store.ts';

/** Uses the configured secret until the first rotation. A later rotation wins over the configuration. */
export function useSecret(store: ProviderStore, secret: string): void {
  if (store.secrets() === null) store.setSecrets([{ secret, untilMs: null }]);
}

/** Signs with a new secret and, for `keepMs`, with the current ones too. Returns the new secret. */
export function rotateSecret(store: ProviderStore, keepMs: number, nowMs: number): string {
  const secret = newWebhookSecret();
  const kept = (store.secrets() ?? [])
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    .map((each) => ({ secret: each.secret, untilMs: Math.min(each.untilMs ?? Infinity, nowMs + keepMs) }));
  store.setSecrets([{ secret, untilMs: null }, ...kept]);
  return secret;
}
