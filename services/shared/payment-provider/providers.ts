/** The providers that the settings name. */
import { createLocalProvider } from './local/local-provider.ts';
import type { PaymentProvider } from './port.ts';

export interface ProviderSettings {
  readonly paymentLocalUrl: string;
  readonly paymentTimeoutMs: number;
}

/** Secrets that may change while the process runs. */
export interface ProviderSecrets {
  readonly paymentLocalKey: string;
  readonly paymentLocalCallbackSecrets: readonly string[];
}

export interface Providers {
  /** By name. The first one is the default. */
  readonly byName: ReadonlyMap<string, PaymentProvider>;
  close(): void;
}

const secretForm = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

/** Each call and each callback uses the present secrets. */
export function createProviders(settings: ProviderSettings, secrets: () => ProviderSecrets): Providers {
  const { paymentLocalUrl: url, paymentTimeoutMs: timeoutMs } = settings;
  const local = {
    url,
    timeoutMs,
    get key() {
      return secrets().paymentLocalKey;
    },
    get callbackSecrets() {
      return secrets().paymentLocalCallbackSecrets;
    },
  };
  const all = url === '' ? [] : [createLocalProvider(local)];
  return {
    byName: new Map(all.map((provider) => [provider.name, provider])),
    close() {
      for (const provider of all) provider.close();
    },
  };
}

/** Faults of the settings, as sentences. With `readsCallbacks`, the secrets of callbacks are required too. */
export function providerRules(
  settings: ProviderSettings & ProviderSecrets,
  { readsCallbacks }: { readsCallbacks: boolean },
): string[] {
  const problems: string[] = [];
  const { paymentLocalUrl, paymentLocalKey, paymentLocalCallbackSecrets: secrets } = settings;
  if (paymentLocalUrl === '') return problems;
  if (paymentLocalKey === '') problems.push('PAYMENT_LOCAL_KEY is needed with PAYMENT_LOCAL_URL');
  if (readsCallbacks && secrets.length === 0)
    problems.push('PAYMENT_LOCAL_CALLBACK_SECRETS is needed with PAYMENT_LOCAL_URL');
  if (secrets.some((secret) => !secretForm.test(secret)))
    problems.push(
      'PAYMENT_LOCAL_CALLBACK_SECRETS has an item that is not whsec_<base64 of 24 bytes or more>',
    );
  return problems;
}
