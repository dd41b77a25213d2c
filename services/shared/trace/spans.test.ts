import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from 'vitest';
import {
  mailSpec,
  packetSpec,
  processSpec,
  providerSpec,
  requestSpec,
  sendSpec,
  webhookSpec,
} from './spans.ts';

const specs = {
  request: requestSpec('POST', '/v1/orders'),
  send: sendSpec('orders.commands.v1', 3, 1),
  sendMany: sendSpec('orders.events.v1', 3, 7),
  process: processSpec({
    topic: 'orders.commands.v1',
    group: 'orders-worker',
    records: 2,
    links: [],
    startMs: 1,
  }),
  packet: packetSpec('write the batch', 9),
  webhook: webhookSpec('shop.example:8443', 2),
  mail: mailSpec(),
  provider: providerSpec('refund', 'local'),
};

describe('the attributes of spans', () => {
  it('are names of the semantic conventions', () => {
    const known = new Set<unknown>(
      Object.entries(conventions).flatMap(([key, name]) => (key.startsWith('ATTR_') ? [name] : [])),
    );
    const used = Object.values(specs).flatMap(({ attributes }) => Object.keys(attributes));
    expect(used.length).toBeGreaterThan(15);
    expect(
      [...used, 'kafka.offset', 'http.response.status_code', 'error.type'].filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  it('count records only in batches', () => {
    expect(specs.send.attributes).not.toHaveProperty('messaging.batch.message_count');
    expect(specs.sendMany.attributes).toMatchObject({
      'messaging.batch.message_count': 7,
      'messaging.destination.partition.id': '3',
    });
  });

  it.each([
    ['shop.example', { 'server.address': 'shop.example' }],
    ['shop.example:8443', { 'server.address': 'shop.example', 'server.port': 8443 }],
    ['[::1]:80', { 'server.address': '[::1]' }],
    ['no host', {}],
  ])('name the host %s', (host, expected) => {
    expect(webhookSpec(host, 0).attributes).toEqual({ 'http.request.method': 'POST', ...expected });
  });
});
