/**
 * Rows about callers and their shares, tokens, caches, and responses of the API when one of its servers
 * fails.
 */
import path from 'node:path';
import { createLocalIssuer } from '../../services/shared/auth/index.ts';
import { instanceDir } from '../../stack/index.ts';
import type { Product } from '../support/programs/product.ts';
import type { Case, ShownElsewhere } from './case.ts';

const endpointsMax = 50;
const greedyLists = 150;
const streamSeconds = 3;
const tenYearsSeconds = 315_360_000;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const unique = (name: string): string => `${name}-${crypto.randomUUID()}`;

async function issuerOf({ name }: Product) {
  return createLocalIssuer(path.join(instanceDir(name), 'issuer'));
}

async function greedyLister(product: Product): Promise<string | null> {
  const [greedy, modest] = [await product.token(unique('greedy')), await product.token(unique('modest'))];
  const list = (token: string) => fetch(`${product.url}/v1/orders?limit=100`, { headers: bearer(token) });
  const asked = Array.from({ length: greedyLists }, () => list(greedy));
  const served = await list(modest);
  const answers = await Promise.all(asked);
  const codes = await Promise.all(
    answers
      .filter(({ status }) => status === 429)
      .map(async (answer) => (await answer.json()) as { code: string }),
  );
  if (served.status !== 200) return `the other caller got ${served.status}`;
  if (answers.some(({ status }) => status !== 200 && status !== 429))
    return 'the greedy caller got an unexpected response';
  return codes.every(({ code }) => code === 'SHARE_USED_UP') ? null : `the reason was ${codes[0]?.code}`;
}

async function expiringStream(product: Product): Promise<string | null> {
  const customerId = unique('stream');
  const token = await product.token(customerId);
  const placed = await fetch(`${product.url}/v1/orders`, {
    method: 'POST',
    headers: {
      ...bearer(token),
      'content-type': 'application/json',
      'idempotency-key': 'k',
      prefer: 'wait=20',
    },
    body: JSON.stringify({
      currency: 'EUR',
      items: [{ sku: 'COF-101', quantity: 1 }],
      shippingAddress: { name: 'A', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
    }),
  });
  const { id, status } = (await placed.json()) as { id: string; status: string };
  // A stream ends by itself after a final state.
  if (status !== 'PENDING_PAYMENT') throw new Error(`the order is ${status}`);
  const issuer = await issuerOf(product);
  const short = await issuer.sign({ customerId, scopes: ['orders:read'], ttlSeconds: streamSeconds });
  const stream = await fetch(`${product.url}/v1/orders/${id}/events`, {
    headers: bearer(short),
    signal: AbortSignal.timeout((streamSeconds + 10) * 1000),
  });
  const text = await stream.text().catch(() => 'no end');
  return /event: closed\ndata: .*TOKEN_EXPIRED/.test(text)
    ? null
    : `the stream ended with ${text.slice(-100)}`;
}

async function endlessToken(product: Product): Promise<string | null> {
  const issuer = await issuerOf(product);
  const endless = { customerId: 'c', scopes: ['orders:read'], ttlSeconds: tenYearsSeconds };
  const { status } = await fetch(`${product.url}/v1/orders`, { headers: bearer(await issuer.sign(endless)) });
  return status === 401 ? null : `a token that is valid for ten years got ${status}`;
}

async function manyEndpoints(product: Product): Promise<string | null> {
  const headers = { ...bearer(await product.token(unique('hooks'))), 'content-type': 'application/json' };
  const url = `${product.url}/v1/webhook-endpoints`;
  const body = JSON.stringify({ url: 'https://shop.example.com/hook' });
  const made = await Promise.all(
    Array.from({ length: 100 }, () => fetch(url, { method: 'POST', headers, body })),
  );
  const created = made.filter(({ status }) => status === 201).length;
  const { items } = (await (await fetch(url, { headers })).json()) as { items: { id: string }[] };
  for (const { id } of items)
    await fetch(`${url}/${id}`, { method: 'DELETE', headers: { authorization: headers.authorization } });
  if (items.length !== created) return `${created} were made and ${items.length} are there`;
  return created === endpointsMax ? null : `there were ${created}`;
}

export const fairnessCases: readonly Case[] = [
  {
    id: 'S9',
    holds: 'A caller that lists on 150 connections is refused for its own share; another is served',
    run: greedyLister,
  },
  { id: 'S10', holds: 'A stream ends when its token expires, and reports it', run: expiringStream },
  { id: 'S13', holds: 'A token that is valid for ten years is refused', run: endlessToken },
  {
    id: 'S14',
    holds: 'Of a hundred concurrent new webhook endpoints, fifty are created',
    run: manyEndpoints,
  },
];

export const fairnessShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'S14',
    holds: 'A Redis lease with invalid contents is a failure of Redis, and never a number of orders',
    shownBy: 'services/ingestion/application/limits/leases.test.ts',
  },
  {
    id: 'R3',
    holds: 'A retry of an order that its log lost is placed again; a lost order differs from a dead letter',
    shownBy: 'services/ingestion/http/routes/lost-orders.test.ts',
  },
  {
    id: 'R14',
    holds: 'A stalled partition refuses its own orders only, and its queued orders report it',
    shownBy: 'tests/integration/ingestion/limits.test.ts',
  },
  {
    id: 'R15',
    holds:
      'The rates of 512 new callers are read in three calls, and their tokens are verified in one turn each',
    shownBy: 'services/ingestion/application/limits/leases.test.ts',
  },
  {
    id: 'C7',
    holds:
      'An order that the brokers refuse because of their settings is NOT_PRODUCED, and readiness shows why',
    shownBy: 'tests/integration/ingestion/refused.test.ts',
  },
  {
    id: 'R7',
    holds: 'Ingestion ends itself when the registry gives its schema another id',
    shownBy: 'services/ingestion/application/submit/log-watch.test.ts',
  },
  {
    id: 'L4',
    holds: 'Ingestion accepts no request before the position of each partition is known',
    shownBy: 'tests/integration/ingestion/submit.test.ts',
  },
];
