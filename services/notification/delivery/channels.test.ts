import { expect, it } from 'vitest';
import { emailEndpoint } from '../deliveries.ts';
import type { AttemptResult } from './attempt.ts';
import { createChannels } from './channels.ts';

const endpoint = { id: 'we_1', customerId: 'c1', url: 'https://shop.example.com/hook', enabled: true };
const delivered: AttemptResult = { kind: 'delivered', status: 200 };

function world() {
  const flags = { webhooksOn: true, mailOn: true };
  const sent: string[] = [];
  const channelOf = createChannels({
    endpoints: { find: () => endpoint, refresh: async () => undefined } as never,
    openSecrets: (one) => one,
    contacts: { addressOf: async () => 'a@example.com' } as never,
    webhooks: {
      post: async () => {
        sent.push('webhook');
        return delivered;
      },
    } as never,
    mailer: {
      send: async () => {
        sent.push('mail');
        return delivered;
      },
    } as never,
    flags: () => flags,
  });
  return { flags, sent, channelOf };
}

it.each([
  ['webhooksOn', 'we_1', emailEndpoint],
  ['mailOn', emailEndpoint, 'we_1'],
] as const)('without the flag %s, only its own channel is paused', async (flag, paused, other) => {
  const { flags, channelOf } = world();
  flags[flag] = false;
  expect(await channelOf(paused)).toBe('paused');
  expect(await channelOf(other)).toMatchObject({ customerId: expect.any(String) });
  flags[flag] = true;
  expect(await channelOf(paused)).toMatchObject({ customerId: expect.any(String) });
});

it.each(['we_1', emailEndpoint])('a flag that goes off stops a delivery of %s that waits', async (id) => {
  const { flags, sent, channelOf } = world();
  const channel = await channelOf(id);
  if (typeof channel === 'string') throw new Error(channel);
  flags.webhooksOn = false;
  flags.mailOn = false;
  const delivery = { eventId: 'e', orderId: 'o', payload: '{}' } as never;
  expect(await channel.deliver(delivery)).toEqual({ kind: 'postponed', delayMs: 0 });
  expect(sent).toEqual([]);
});
