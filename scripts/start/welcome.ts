import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createLocalIssuer } from '../../services/shared/auth/index.ts';
import { withoutPassword } from '../../services/shared/config/index.ts';
import { type StackInfo, stackEnv } from '../../stack/index.ts';
import { issuerDir, mailFile, type ServiceSpec } from './services.ts';

const TOKEN_TTL_SECONDS = 24 * 3600;
const root = path.resolve(import.meta.dirname, '..', '..');

export interface Started {
  readonly info: StackInfo;
  readonly specs: readonly ServiceSpec[];
  /** Null for a run without Prometheus. */
  readonly prometheusUrl: string | null;
  readonly elapsedMs: number;
}

/** The text for the user after the start: addresses, a token, and a command line that places an order. */
export async function welcome({ info, specs, prometheusUrl, elapsedMs }: Started): Promise<string> {
  const api = `http://127.0.0.1:${info.instance.ports.ingestion}`;
  const token = await demoToken(info);
  const name = info.name === 'dev' ? '' : ` --name ${info.name}`;
  const addresses = [
    ['api', api],
    ['api over gRPC', `127.0.0.1:${info.instance.ports.ingestionGrpc}`],
    ...specs.map((spec) => [spec.name, `${spec.adminUrl}/metrics`]),
    ...Object.entries(stackEnv(info)).map(([name, address]) => [name, withoutPassword(address)]),
    ...(prometheusUrl === null ? [] : [['prometheus', prometheusUrl]]),
    ['mails', mailFile(info.dir)],
    ['logs', path.join(info.dir, 'logs')],
  ];
  return [
    '',
    `Running after ${(elapsedMs / 1000).toFixed(1)} s.`,
    ...addresses.map(([label, address]) => `  ${label?.padEnd(20)} ${address}`),
    '',
    `Token of customer "demo", valid for a day (npx orderstream token --customer … makes others):`,
    token,
    '',
    'Place an order. If you repeat this line, you get the same order:',
    placeOrder(api, token),
    '',
    'Pay it with the id from the answer, and ship it:',
    ...['pay', 'ship'].map((step) => `npx orderstream ${step} ID${name}`),
    '',
    'Ctrl-C stops everything; the data stays.',
  ].join('\n');
}

async function demoToken(info: StackInfo): Promise<string> {
  const issuer = await createLocalIssuer(issuerDir(info));
  const scopes = ['orders:write', 'orders:read', 'webhooks:manage'];
  return issuer.sign({ customerId: 'demo', scopes, ttlSeconds: TOKEN_TTL_SECONDS });
}

function placeOrder(api: string, token: string): string {
  const { sku, currency } = firstProduct();
  const order = {
    currency,
    items: [{ sku, quantity: 1 }],
    shippingAddress: {
      name: 'Ada',
      line1: '1 Analytical Row',
      city: 'London',
      postalCode: 'W1U 6TU',
      country: 'GB',
    },
  };
  const headers = [
    `authorization: Bearer ${token}`,
    'idempotency-key: hello-1',
    'content-type: application/json',
  ];
  const flags = headers.map((header) => `-H '${header}'`).join(' ');
  return `curl -si ${api}/v1/orders ${flags} -d '${JSON.stringify(order)}'`;
}

function firstProduct(): { sku: string; currency: string } {
  const [, line = ''] = readFileSync(path.join(root, 'samples', 'catalogue.csv'), 'utf8').split('\n');
  // The first columns are sku,name,unit_price_minor,currency. A quoted name may contain commas.
  const [, sku = '', currency = ''] = /^([^,]+),(?:"[^"]*"|[^,]*),\d+,([A-Z]{3}),/.exec(line) ?? [];
  return { sku, currency };
}
