/** Key, secret and file of the payment provider of a local run. The instance's folder keeps them. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newWebhookSecret } from '../../services/shared/standard-webhooks/index.ts';

export interface LocalPaymentSettings {
  /** Bearer key of the provider's API. */
  readonly key: string;
  /** First secret of its callbacks, `whsec_…`. */
  readonly signingSecret: string;
  /** SQLite file with its state. */
  readonly file: string;
}

/** The settings of the instance in `dir`. The first call creates them. */
export function localPaymentSettings(dir: string): LocalPaymentSettings {
  const folder = path.join(dir, 'payment-provider');
  mkdirSync(folder, { recursive: true });
  return {
    key: kept(path.join(folder, 'key'), () => randomBytes(24).toString('hex')),
    signingSecret: kept(path.join(folder, 'signing-secret'), newWebhookSecret),
    file: path.join(folder, 'state.sqlite'),
  };
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
