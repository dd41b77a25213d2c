import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLocalProvider } from './local-provider.ts';

let server: Server;
let answer: (response: ServerResponse, page: number) => void;
let pages: number;
let url: string;
let provider: ReturnType<typeof createLocalProvider>;

/** A busy machine may be slow to answer. Only the test of a provider that hangs has a shorter time. */
const answerTimeoutMs = 30_000;
const open = (timeoutMs: number) => createLocalProvider({ url, key: 'k', callbackSecrets: [], timeoutMs });

beforeEach(async () => {
  pages = 0;
  server = createServer((_request, response) => answer(response, ++pages));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider = open(answerTimeoutMs);
});
afterEach(() => {
  provider.close();
  server.closeAllConnections();
  server.close();
});

const row = {
  ...{ kind: 'payment', id: 'p-1', payment: 'p-1', reference: 'r', status: 'captured', amount: 5 },
  ...{ currency: 'EUR', atMs: 7 },
};

async function list(): Promise<string[]> {
  const ids: string[] = [];
  for await (const record of provider.list(0, 10)) ids.push(record.providerPaymentId);
  return ids;
}

it('reads all pages', async () => {
  answer = (response, page) =>
    void response.end(JSON.stringify({ transactions: [row], next: page < 3 ? `after-${page}` : null }));
  expect(await list()).toEqual(['p-1', 'p-1', 'p-1']);
});

it.each<[string, object]>([
  ['a payment that is not captured', { transactions: [{ ...row, status: 'pending' }], next: null }],
  ['a refund that is captured', { transactions: [{ ...row, kind: 'refund' }], next: null }],
  ['an amount that is no integer', { transactions: [{ ...row, amount: 0.5 }], next: null }],
  ['no rows', { next: null }],
])('throws for a page with %s', async (_what, body) => {
  answer = (response) => void response.end(JSON.stringify(body));
  await expect(list()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
});

it.each<[string, object]>([
  ['has no rows', { transactions: [], next: 'after' }],
  ['names itself', { transactions: [row], next: 'same' }],
])('ends a list whose next page %s', async (_what, body) => {
  answer = (response) => void response.end(JSON.stringify(body));
  await expect(list()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  expect(pages).toBeLessThanOrEqual(2);
});

it('throws if the provider hangs', async () => {
  answer = () => undefined;
  provider.close();
  provider = open(300);
  await expect(list()).rejects.toThrow('no answer within 300 ms');
});
