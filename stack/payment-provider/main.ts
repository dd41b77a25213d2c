/**
 * A payment provider for local runs and tests, as a separate process. It opens sessions, captures, refunds, and
 * posts signed callbacks. It can have all faults of `faults.ts`.
 */
import type { AddressInfo } from 'node:net';
import { int, secret, str, url } from '../../services/shared/config/index.ts';
import { runService } from '../../services/shared/lifecycle/index.ts';
import { type Callbacks, startCallbacks } from './callbacks.ts';
import { createProvider } from './provider.ts';
import { useSecret } from './secrets.ts';
import { createServer } from './server.ts';
import { openStore } from './store.ts';

const fields = {
  host: str('HOST', { default: '127.0.0.1', help: 'Address of the provider.' }),
  port: int('PORT', {
    default: 0,
    max: 65535,
    help: 'Port of the provider; 0 takes any free one and logs it.',
  }),
  publicUrl: str('PUBLIC_URL', {
    default: '',
    help: 'Base URL of the page for customers. If empty, the address that the provider listens on.',
  }),
  file: str('PROVIDER_FILE', { help: 'SQLite file with sessions, payments, refunds and callbacks.' }),
  key: secret('PROVIDER_KEY', { lengthMin: 16, help: 'Bearer key of the API.' }),
  signingSecret: secret('SIGNING_SECRET', {
    help: 'First secret of the callbacks, whsec_<base64>. After a rotation, the file has the secrets.',
  }),
  callbackUrl: url('CALLBACK_URL', {
    protocols: ['http', 'https'],
    help: 'Where callbacks are posted, for example http://127.0.0.1:8080/v1/payments/callbacks/local.',
  }),
};

await runService({
  name: 'payment-provider',
  env: process.env,
  fields,
  async start({ config, log }) {
    const store = openStore(config.file);
    useSecret(store, config.signingSecret);
    const nowMs = (): number => Date.now();
    const random = Math.random;
    let callbacks: Callbacks | null = null;
    const provider = createProvider({ store, nowMs, random, wake: () => callbacks?.wake() });
    let listensAt = '';
    const app = createServer({
      provider,
      store,
      key: config.key,
      baseUrl: () => config.publicUrl || listensAt,
      nowMs,
      random,
    });
    await app.listen({ host: config.host, port: config.port });
    listensAt = `http://${config.host}:${(app.server.address() as AddressInfo).port}`;
    callbacks = startCallbacks({
      store,
      callbackUrl: config.callbackUrl,
      nowMs,
      runTimers: provider.runTimers,
      log,
    });
    log.info({ url: listensAt }, 'the provider is listening');
    return {
      async stop() {
        await app.close();
        await callbacks.stop();
        store.close();
      },
    };
  },
});
