/**
 * The keys of webhook secrets, and of the keys of customers, in a local run. The instance's folder keeps them, because
 * encrypted data must stay readable.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeKey } from '../services/shared/secrets/index.ts';

/** `WEBHOOK_SECRET_KEYS` of the instance in `dir`. The first call creates one key. */
export const localSecretKeys = (dir: string): string => keptKeys(dir, 'webhook-secret-keys');

/** `PERSONAL_DATA_KEYS` of the instance in `dir`. The first call creates one key. */
export const localPersonalDataKeys = (dir: string): string => keptKeys(dir, 'personal-data-keys');

function keptKeys(dir: string, name: string): string {
  const file = path.join(dir, name);
  if (!existsSync(file)) writeFileSync(file, makeKey('local'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
