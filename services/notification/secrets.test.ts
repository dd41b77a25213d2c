import { expect, it } from 'vitest';
import { systemClock } from '../shared/clock/index.ts';
import { createLogger } from '../shared/log/index.ts';
import { noMetrics } from '../shared/metrics/index.ts';
import { createSecretBox, makeKey } from '../shared/secrets/index.ts';
import { createChannels } from './delivery/channels.ts';
import type { Endpoint } from './endpoints.ts';
import { createSecrets } from './secrets.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const [old, fresh] = [makeKey('old'), makeKey('fresh')];
const owner = { endpointId: 'we_1', customerId: 'c1' };

function secretsWith(keys: readonly string[]) {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const secrets = createSecrets({ box: createSecretBox(keys), clock, log, metrics: noMetrics });
  return { secrets, later: (ms: number) => (nowMs += ms) };
}

const endpointWith = (secret: string, previousSecret: string | null = null): Endpoint => ({
  id: 'we_1',
  customerId: 'c1',
  url: 'https://shop.example/',
  filter: null,
  secret,
  previousSecret,
  previousUntilMs: null,
  enabled: true,
  paused: false,
});

it('both secrets of an endpoint are decrypted for signing, and the directory keeps the stored form', () => {
  const { secrets } = secretsWith([fresh, old]);
  const stored = createSecretBox([old]).seal('whsec_a', owner);
  const endpoint = endpointWith('whsec_b', stored);
  expect(secrets.open(endpoint)).toMatchObject({ secret: 'whsec_b', previousSecret: 'whsec_a' });
  expect(endpoint.previousSecret).toBe(stored);
  expect(secrets.state()).toBe(true);
});

it('a delivery whose secret cannot be decrypted is postponed, and readiness names the key while it is needed', async () => {
  const { secrets, later } = secretsWith([fresh]);
  const endpoint = endpointWith(createSecretBox([old]).seal('whsec_a', owner));
  const channelOf = createChannels({
    endpoints: { find: () => endpoint } as never,
    webhooks: { post: () => Promise.reject(new Error('nothing may be sent')) } as never,
    openSecrets: secrets.open,
    contacts: {} as never,
    mailer: null,
    flags: () => ({ webhooksOn: true, mailOn: true }),
  } as never);
  const channel = await channelOf('we_1');
  if (typeof channel === 'string') throw new Error(channel);
  const result = await channel.deliver({ eventId: 'e', payload: '{}' } as never);
  expect(result).toEqual({ kind: 'postponed', delayMs: 30_000 });
  expect(secrets.state()).toBe('WEBHOOK_SECRET_KEYS lacks old');
  later(90_000);
  expect(secrets.state()).toBe(true);
});

it('a damaged row does not fail readiness', () => {
  const { secrets } = secretsWith([fresh]);
  const stranger = createSecretBox([fresh]).seal('whsec_a', { ...owner, customerId: 'c2' });
  expect(secrets.open(endpointWith(stranger))).toBeNull();
  expect(secrets.state()).toBe(true);
});
