/** The secrets that sign callbacks. They are stored with the state, so that a rotation survives a restart. */
import { randomBytes } from 'node:crypto';
import type { ProviderStore } from './store.ts';

const secretBytes = 32;

/** A new signing secret `whsec_…`. */
function newSigningSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}

/** Uses the configured secret until the first rotation. A later rotation wins over the configuration. */
export function useSecret(store: ProviderStore, secret: string): void {
  if (store.secrets() === null) store.setSecrets([{ secret, untilMs: null }]);
}

/** Signs with a new secret and, for `keepMs`, with the current ones too. Returns the new secret. */
export function rotateSecret(store: ProviderStore, keepMs: number, nowMs: number): string {
  const secret = newSigningSecret();
  const kept = (store.secrets() ?? [])
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    .map((each) => ({ secret: each.secret, untilMs: Math.min(each.untilMs ?? Infinity, nowMs + keepMs) }));
  store.setSecrets([{ secret, untilMs: null }, ...kept]);
  return secret;
}
