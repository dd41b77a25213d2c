import { expect, test } from 'vitest';
import { appError } from '../../../shared/errors/index.ts';
import { createProduceHealth } from './produce-health.ts';

function healthAt() {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  return { clock, health: createProduceHealth({ clock }) };
}
const refused = (reason: string) =>
  appError('RECORD_REFUSED', { topic: 't', partition: 0, bytes: 1, reason });

test('the service is not ready while the broker settings refuse commands, until a record is written', () => {
  const { health } = healthAt();
  expect(health.check()).toBe(true);
  health.refused(refused('INVALID_TIMESTAMP'));
  expect(health.check()).toBe('the brokers refuse commands: INVALID_TIMESTAMP');
  health.written();
  expect(health.check()).toBe(true);
});

test('without traffic the service becomes ready again after a while, so that a request can test the brokers', () => {
  const { health, clock } = healthAt();
  health.refused(appError('NOT_PRODUCED', { reason: 'TOPIC_AUTHORIZATION_FAILED' }));
  clock.ms += 9_999;
  expect(health.check()).not.toBe(true);
  clock.ms += 1;
  expect(health.check()).toBe(true);
});

test.each([
  ['a record that is too large', refused('MESSAGE_TOO_LARGE')],
  ['unavailable brokers', appError('NOT_PRODUCED', { reason: 'deadline passed' })],
  ['an unknown outcome', appError('OUTCOME_UNKNOWN', { reason: 'INVALID_TIMESTAMP' })],
])('%s does not affect other records', (_what, error) => {
  const { health } = healthAt();
  health.refused(error);
  expect(health.check()).toBe(true);
});
