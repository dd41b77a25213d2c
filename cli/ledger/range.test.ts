import { InvalidArgumentError } from 'commander';
import { afterEach, expect, test } from 'vitest';
import { utcTime } from './range.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test.each([
  ['2026-10-01', '2026-10-01T00:00:00.000Z'],
  ['2026-10-01T12:30', '2026-10-01T12:30:00.000Z'],
  ['2026-10-01T12:30:15', '2026-10-01T12:30:15.000Z'],
  ['2026-10-01T12:30:15.25Z', '2026-10-01T12:30:15.250Z'],
  ['2026-10-01T00:30+02:00', '2026-09-30T22:30:00.000Z'],
])('%s is %s in every time zone', (text, expected) => {
  for (const name of ['Pacific/Auckland', 'America/New_York']) {
    process.env['TZ'] = name;
    expect(new Date(utcTime(text)).toISOString()).toBe(expected);
  }
});

test('24h is a day before now', () => {
  const before = Date.now() - 86_400_000;
  expect(utcTime('24h')).toBeGreaterThanOrEqual(before);
  expect(utcTime('24h')).toBeLessThanOrEqual(Date.now() - 86_400_000);
});

test.each(['', '2026', '2026-10', '2026-13-01', '2026-02-30', '2026-10-01T25:00', '1 October', '10-01-2026'])(
  'refuses %j',
  (text) => {
    expect(() => utcTime(text)).toThrow(InvalidArgumentError);
  },
);
