import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOrderstreamClient, type WebhookEndpoint } from '../client/index.ts';
import { changeEndpoint, sendTestEvent, type WebhookApi } from './endpoint-api.ts';
import { deliveryText, endpointText } from './endpoint-text.ts';

const endpoint: WebhookEndpoint = {
  ...{ id: 'we_1', url: 'https://shop.example.com/hooks', status: 'PAUSED', description: 'Warehouse' },
  ...{ createdAt: '2026-01-05T10:00:00.000Z', updatedAt: '2026-01-05T10:00:00.000Z' },
};
const delivery = { id: '7', eventId: 'test-1-we_1', status: 'PENDING', attempts: 0 };

let server: Server;
let api: WebhookApi;
let answer: (request: IncomingMessage, body: string) => [status: number, body: object];

beforeEach(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const [status, json] = answer(request, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  api = createOrderstreamClient({ baseUrl: `http://127.0.0.1:${port}`, token: () => 'token' });
});
afterEach(() => server.close());

test('a change sends only its members, and the version that it names', async () => {
  const seen: unknown[] = [];
  answer = ({ method, url, headers }, body) => {
    seen.push([method, url, headers['if-match'], JSON.parse(body)]);
    return [200, endpoint];
  };
  expect(await changeEndpoint(api, 'we_1', { status: 'PAUSED' }, '"5"')).toEqual(endpoint);
  expect(seen).toEqual([['PATCH', '/v1/webhook-endpoints/we_1', '"5"', { status: 'PAUSED' }]]);
  expect(endpointText(endpoint)).toBe(
    'we_1  PAUSED  https://shop.example.com/hooks\n  events: the default, order.*\n  Warehouse',
  );
});

test('a refusal is a sentence with every fault', async () => {
  answer = () => [
    400,
    { detail: 'The request is invalid.', errors: [{ pointer: '/url', detail: 'is not a URL' }] },
  ];
  await expect(changeEndpoint(api, 'we_1', { url: 'x' }, undefined)).rejects.toMatchObject({
    message: 'the API refused: The request is invalid.',
    detailLines: ['/url is not a URL'],
  });
});

test('a test event is followed to its result', async () => {
  const results = ['PENDING', 'FAILED'];
  answer = ({ method }) => {
    if (method === 'POST') return [202, delivery];
    const status = results.shift()!;
    return [200, { items: [{ ...delivery, status, lastStatus: 500, lastError: 'answered 500' }] }];
  };
  const result = await sendTestEvent(api, 'we_1', true);
  expect(deliveryText(result)).toBe(
    'test event test-1-we_1: FAILED, the receiver answered 500: answered 500',
  );
  expect(results).toEqual([]);
});

test('a test event can be sent without waiting for its result', async () => {
  const methods: unknown[] = [];
  answer = ({ method }) => {
    methods.push(method);
    return [202, delivery];
  };
  expect(await sendTestEvent(api, 'we_1', false)).toEqual(delivery);
  expect(methods).toEqual(['POST']);
});

test('an API that does not answer is a sentence', async () => {
  await new Promise((resolve) => server.close(resolve));
  await expect(sendTestEvent(api, 'we_1', false)).rejects.toThrow('the API does not answer');
});
