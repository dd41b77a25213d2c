import { expect, it } from 'vitest';
import { createLedger } from './ledger.ts';

it('pairs commands and outcomes in whichever order they are read', () => {
  const ledger = createLedger(3, 10);
  ledger.command(10, 1);
  ledger.outcome(11, 2, 0);
  ledger.command(11, 2);
  ledger.outcome(10, 1, 0);
  expect(ledger.watermark()).toBe(12);
  expect(ledger.missingBelow(12)).toEqual([]);
  expect(ledger.takeLasting()).toEqual([]);
});

it('names the commands that have no outcome, up to where they must have one', () => {
  const ledger = createLedger(3, 0);
  for (let offset = 0; offset < 6; offset++) ledger.command(offset, 1);
  for (const offset of [0, 1, 3]) ledger.outcome(offset, 1, 0);
  expect(ledger.missingBelow(4).map((one) => one.subject)).toEqual(['3-2']);
  ledger.outcome(2, 1, 0);
  expect(ledger.missingBelow(4)).toEqual([]);
});

it('expects no outcome for an offset that the log left out', () => {
  const ledger = createLedger(0, 0);
  ledger.command(0, 1);
  ledger.command(2, 1);
  ledger.outcome(0, 1, 0);
  ledger.outcome(2, 1, 0);
  expect(ledger.missingBelow(3)).toEqual([]);
});

it('finds an outcome under another key, and a repeat with other bytes', () => {
  const ledger = createLedger(0, 0);
  ledger.command(0, 1);
  expect(ledger.outcome(0, 9, 5)).toBe(true);
  expect(ledger.outcome(0, 9, 5)).toBe(false);
  expect(ledger.outcome(0, 9, 6)).toBe(false);
  expect(ledger.takeLasting().map((one) => [one.kind, one.subject])).toEqual([
    ['OUTCOME_KEY_DIFFERS', '0-0'],
    ['OUTCOME_CHANGED', '0-0'],
  ]);
  expect(ledger.takeLasting()).toEqual([]);
});

it('keeps a hole that fell out of its window until its outcome comes', () => {
  const ledger = createLedger(0, 0);
  ledger.outcome(1, 1, 1);
  ledger.outcome(70_000, 1, 1);
  expect(ledger.missingBelow(2).map((one) => one.subject)[0]).toBe('0-0');
  ledger.outcome(0, 1, 1);
  expect(ledger.missingBelow(2).some((one) => one.subject === '0-0')).toBe(false);
});
