import { expect, test } from 'vitest';
import { readLocalCallback } from '../../services/shared/payment-provider/local/read-callback.ts';
import { newWebhookSecret } from '../../services/shared/standard-webhooks/index.ts';
import { createOrderStream } from '../store/order-stream.ts';
import { createCallbackMaker } from './callbacks.ts';

test('each callback is signed, and pays the next order of the stream in full', () => {
  const secret = newWebhookSecret();
  const next = createCallbackMaker({ secret, seed: 5, firstOffset: 70 }).requestsOf('');
  const stream = createOrderStream({ seed: 5, shape: 'uniform' });
  const orders = Array.from({ length: 13 }, () => {
    const [head, body] = Buffer.from(next()).toString().split('\r\n\r\n') as [string, string];
    const [start, ...fields] = head.split('\r\n');
    expect(start).toBe('POST /v1/payments/callbacks/local HTTP/1.1');
    const headers = Object.fromEntries(fields.map((field) => field.split(': ') as [string, string]));
    expect(headers['content-length']).toBe(String(body.length));
    const reading = readLocalCallback([secret], headers, Buffer.from(body), Date.now());
    if (reading.kind !== 'read') throw new Error(`the callback is ${reading.kind}`);
    return reading.events[0];
  });
  expect(orders[0]).toMatchObject({ kind: 'captured', reference: stream.orderId(0, 70), currency: 'EUR' });
  expect(orders[11]).toMatchObject({ reference: stream.orderId(11, 70) });
  expect(orders[12]).toMatchObject({ reference: stream.orderId(0, 71) });
  expect(new Set(orders.map((event) => JSON.stringify(event))).size).toBe(13);
});
