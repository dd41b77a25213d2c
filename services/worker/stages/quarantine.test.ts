import { expect, test } from 'vitest';
import { appError } from '../../shared/errors/index.ts';
import { Quarantine } from './quarantine.ts';

test('only crashes of a single record quarantine it', () => {
  const quarantine = new Quarantine();
  expect(quarantine.attemptCrashed(1, { offset: 0, records: 2, attempts: 9 })).toBe(false);
  expect(quarantine.attemptCrashed(1, { offset: 0, records: 1, attempts: 2 })).toBe(false);
  expect(quarantine.verdictOn(1, 0n)).toBeNull();
  expect(quarantine.attemptCrashed(1, { offset: 0, records: 1, attempts: 3 })).toBe(true);
  expect(quarantine.verdictOn(1, 0n)?.code).toBe('QUARANTINED');
  expect([quarantine.verdictOn(0, 0), quarantine.verdictOn(1, 1)]).toEqual([null, null]);
});

test('the public message has only the number of a database error', () => {
  const quarantine = new Quarantine();
  const reason = "Incorrect string value: 'ada@example.org' for column `orders`.`contact`";
  quarantine.recordFailed(0, 7, appError('MYSQL_DATA', { reason, errno: 1366 }));
  expect(quarantine.verdictOn(0, 7)).toEqual({
    code: 'DATA_REFUSED',
    message: 'The database refused its data (data, error 1366).',
  });
});

test('other messages are short', () => {
  const quarantine = new Quarantine();
  quarantine.recordFailed(0, 7, new RangeError('x'.repeat(1_000)));
  expect(quarantine.verdictOn(0, 7)?.message).toHaveLength(300);
});

test('a verdict can be removed only once', () => {
  const quarantine = new Quarantine();
  quarantine.recordSkipped({ partition: 0, offset: 7, reason: 'poison' });
  expect(quarantine.verdictOn(0, 7)).toEqual({
    code: 'SKIPPED',
    message: 'An operator skipped this record: poison',
  });
  expect([quarantine.lift(0, 7), quarantine.lift(0, 7), quarantine.verdictOn(0, 7)]).toEqual([
    true,
    false,
    null,
  ]);
});
