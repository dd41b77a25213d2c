/**
 * A shop: the whole product as processes in an arena, with the local payment provider, prices, coupons and customers. Any of
 * its processes may be killed or frozen, the provider too. Each one restarts on its own port.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOrderstreamClient, type OrderstreamClient } from '../../../cli/client/index.ts';
import { importCoupons } from '../../../cli/coupons/import.ts';
import { readCoupons } from '../../../cli/coupons/read-coupons.ts';
import { withDatabase } from '../../../cli/database.ts';
import { importRates } from '../../../cli/rates/import.ts';
import { readShippingRates, readTaxRates } from '../../../cli/rates/read-rates.ts';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { apiEnv } from '../api/api-env.ts';
import type { Arena } from '../arena/arena.ts';
import type { Acked } from '../arena/load.ts';
import { createFleet, type Fleet } from '../arena/processes/fleet.ts';
import {
  control,
  type ProviderProcess,
  providerKey,
  signingSecret,
  spawnProvider,
} from '../programs/payment-provider.ts';

export interface Shop {
  readonly arena: Arena;
  readonly fleet: Fleet;
  /** Returns a random number from 0 up to 1, without 1. */
  readonly random: () => number;
  /** Base URL of the provider. */
  readonly providerUrl: string;
  /** Positions of the commands that got a `202`. */
  readonly tickets: Acked[];
  /** Work for later, at a time in epoch ms. */
  readonly later: { readonly atMs: number; run(): Promise<void> }[];
  /** A client of one of the ingestions. */
  clientOf(customerId: string): OrderstreamClient;
  /** Replaces the faults of the provider. */
  setFaults(faults: Readonly<Record<string, number>>): Promise<void>;
  /** Kills the provider, and starts it again on its file after this time. */
  killProvider(awayMs: number): Promise<void>;
  close(): Promise<string[]>;
}

export interface ShopOptions {
  readonly random: () => number;
  /** Number of processes of each service. There is at least one ingestion. */
  readonly members: Readonly<Record<string, number>>;
  readonly couponLimit: number;
  readonly paymentWindowMs: number;
}

/** Its stock ends soon. */
export const scarce = 'SCARCE-1';
export const coupon = 'TENTH';

const requestMs = 5_000;
const noFaults = {
  ...{ errors: 0, hangs: 0, lostAnswers: 0, duplicates: 0, disorder: 0, disorderMs: 2_000 },
  ...{ latePayments: 0, lateMs: 4_000, pendingRefunds: 0, settleMs: 3_000 },
  ...{ failedRefunds: 0, failuresAfterSuccess: 0 },
};

/** Starts all processes. The arena needs the SKU `SCARCE-1`. */
export async function openShop(arena: Arena, options: ShopOptions): Promise<Shop> {
  const { random, members } = options;
  await importRules(arena, options.couponLimit);
  const dir = await mkdtemp(path.join(tmpdir(), 'shop-'));
  const issuer = await createLocalIssuer(dir);
  const ports = await freePorts((members['ingestion'] ?? 1) + 1);
  const [providerPort, ...apiPorts] = ports as [number, ...number[]];
  const file = path.join(dir, 'provider.sqlite');
  const callbackUrl = `http://127.0.0.1:${apiPorts[0]}/v1/payments/callbacks/local`;
  const start = (): Promise<ProviderProcess> => spawnProvider({ file, callbackUrl, port: providerPort });
  let provider = await start();
  const env = shopEnv(provider.url, options.paymentWindowMs);
  const fleet = createFleet(arena);
  const startAll = Object.entries(members).flatMap(([service, count]) =>
    Array.from({ length: count }, (_, n) =>
      fleet.add(service, `${service}-${n}`, {
        ...env,
        ...(service === 'ingestion' && { ...apiEnv(arena, issuer), ...env, PORT: String(apiPorts[n]) }),
        INSTANCE_ID: `${service}-${n}`,
      }),
    ),
  );
  await Promise.all(startAll);
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (customerId: string): Promise<string> => {
    const scopes = ['orders:write', 'orders:read'];
    const token = tokens.get(customerId) ?? issuer.sign({ customerId, scopes, ttlSeconds: 4 * 3_600 });
    tokens.set(customerId, token);
    return token;
  };
  return {
    ...{ arena, fleet, random, providerUrl: provider.url, tickets: [], later: [] },
    clientOf: (customerId) =>
      createOrderstreamClient({
        baseUrl: `http://127.0.0.1:${apiPorts[Math.floor(random() * apiPorts.length)]}`,
        token: () => tokenOf(customerId),
        timeoutMs: requestMs,
      }),
    async setFaults(faults) {
      await control(provider.url, 'PUT', '/v1/faults', { ...noFaults, ...faults });
    },
    async killProvider(awayMs) {
      await provider.end('SIGKILL');
      await sleep(awayMs);
      provider = await start();
    },
    async close() {
      const problems = await fleet.stop();
      await provider.end();
      await rm(dir, { recursive: true, force: true });
      return problems;
    },
  };
}

/** Timeouts that are short, so that frozen processes are missed soon. */
function shopEnv(providerUrl: string, paymentWindowMs: number): Record<string, string> {
  return {
    KAFKA_SESSION_TIMEOUT_MS: '4000',
    PAYMENT_LOCAL_URL: providerUrl,
    PAYMENT_LOCAL_KEY: providerKey,
    PAYMENT_LOCAL_CALLBACK_SECRETS: signingSecret,
    PAYMENT_TIMEOUT: '1s',
    PAYMENT_WINDOW_MS: String(paymentWindowMs),
    REFUND_RETRY_MIN: '100ms',
    RETURN_WINDOW: '20s',
    RECONCILE_EVERY: '5s',
    LANE_STALL: '5m',
  };
}

/** A tax of 19 %, a shipping of 4.90, and a coupon of ten percent. The coupon ends after this number of orders. */
function importRules({ options }: Arena, couponLimit: number): Promise<void> {
  return withDatabase(options.mysqlUrl, async (db) => {
    const tax = readTaxRates('country,region,category,rate_ppm,inclusive\nDE,,,190000,no\n');
    const shipping = readShippingRates(
      'country,currency,weight_up_to_grams,amount_minor,free_from_minor\nDE,EUR,5000,490,\n',
    );
    await importRates(db, { tax, shipping }, { nowMs: 1 });
    const lines = `code,kind,percent_bp,total_limit,customer_limit\n${coupon},percent,1000,${couponLimit},3`;
    await importCoupons(db, readCoupons(lines), { nowMs: 1 });
  });
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
