/**
 * The keys of webhook secrets in a local run. The instance's folder keeps them, because encrypted secrets must
 * stay readable.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeKey } from '../services/shared/secrets/index.ts';

/** `WEBHOOK_SECRET_KEYS` of the instance in `dir`. The first call creates one key. */
export function localSecretKeys(dir: string): string {
  const file = path.join(dir, 'webhook-secret-keys');
  if (!existsSync(file)) writeFileSync(file, makeKey('local'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
