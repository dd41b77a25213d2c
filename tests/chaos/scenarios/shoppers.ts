/**
 * Customers of the HTTP API. They place orders and read them repeatedly, so that workers and ingestion fill
 * the cache.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOrderApi } from '../../../cli/orders/order-api.ts';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { makeKey } from '../../../services/shared/secrets/index.ts';
import type { Fleet, Member } from '../../support/arena/processes/fleet.ts';
import { plentySkus, scarceSku } from '../chaos-arena.ts';

const shoppers = 6;
const readsPerOrder = 4;
const pauseMsMax = 400;
const scopes = ['orders:write', 'orders:read'];
const tokenTtlSeconds = 4 * 3_600;

export interface Shoppers {
  readonly placed: () => number;
  readonly seen: () => number;
  stop(): Promise<void>;
}

/** Starts an ingestion in the fleet, and its customers. */
export async function startShoppers(fleet: Fleet, random: () => number): Promise<Shoppers> {
  const dir = await mkdtemp(path.join(tmpdir(), 'shoppers-'));
  const issuer = await createLocalIssuer(dir);
  const ingestion = await fleet.add('ingestion', 'ingestion', {
    PORT: '0',
    GRPC_PORT: '0',
    TICKET_SECRET: 'the secret of the shoppers',
    WEBHOOK_SECRET_KEYS: makeKey('k1'),
    JWKS: issuer.jwksPath,
  });
  const abort = new AbortController();
  const counts = { placed: 0, seen: 0 };
  const shop = async (customerId: string): Promise<void> => {
    const token = await issuer.sign({ customerId, scopes, ttlSeconds: tokenTtlSeconds });
    while (!abort.signal.aborted) {
      const baseUrl = await urlOf(ingestion);
      const api = createOrderApi({ baseUrl, tokenFor: () => token });
      const sku = random() < 0.1 ? scarceSku : plentySkus[Math.floor(random() * plentySkus.length)]!;
      const cart = { idempotencyKey: randomUUID(), order: orderOf(sku) };
      const batch = await api.placeAll(customerId, [cart]);
      const answer = batch.kind === 'answered' ? batch.results[0] : undefined;
      if (answer?.kind === 'accepted') counts.placed++;
      for (let read = 0; answer?.kind === 'accepted' && read < readsPerOrder; read++) {
        await sleep(random() * pauseMsMax, abort.signal).catch(() => undefined);
        if ((await api.read(customerId, answer.statusUrl, 0)).kind === 'order') counts.seen++;
      }
      await sleep(random() * pauseMsMax, abort.signal).catch(() => undefined);
    }
  };
  const done = Promise.all(Array.from({ length: shoppers }, (_, n) => shop(`shopper-${n}`)));
  return {
    placed: () => counts.placed,
    seen: () => counts.seen,
    async stop() {
      abort.abort();
      await done;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** URL of the current process; the port differs after each start. */
async function urlOf({ process }: Member): Promise<string> {
  const line = await process
    .logged(({ url }) => typeof url === 'string', 'the address of ingestion', 10_000)
    .catch(() => ({ url: 'http://127.0.0.1:1' }));
  return String(line['url']);
}

function orderOf(sku: string) {
  return {
    currency: 'EUR',
    items: [{ sku, quantity: 1 }],
    shippingAddress: {
      name: 'Ada',
      line1: 'Street 1',
      city: 'Berlin',
      postalCode: '10115',
      country: 'DE',
    },
  };
}
