import { expect, it } from 'vitest';
import { createTally } from '../findings/tally.ts';
import { createLedger, type Ledger } from './outcome-matcher.ts';

const missing = (ledger: Ledger, limit: number): number[] => ledger.missingBelow(limit, 1_000).offsets;

/** A copy of the lasting differences. */
function taken(ledger: Ledger) {
  const tally = createTally([], 1_000);
  ledger.lasting.addTo(tally)();
  return tally.kept();
}

it('pairs commands and outcomes in any reading order', () => {
  const ledger = createLedger(3, 10);
  ledger.command(10, 1);
  ledger.outcome(11, 2, 0);
  ledger.command(11, 2);
  ledger.outcome(10, 1, 0);
  expect(ledger.watermark()).toBe(12);
  expect(missing(ledger, 12)).toEqual([]);
  expect(taken(ledger)).toEqual([]);
});

it('returns the commands without an outcome, up to the offset where they need one', () => {
  const ledger = createLedger(3, 0);
  for (let offset = 0; offset < 6; offset++) ledger.command(offset, 1);
  for (const offset of [0, 1, 3]) ledger.outcome(offset, 1, 0);
  expect(missing(ledger, 4)).toEqual([2]);
  expect(ledger.isMissing(2, 4)).toBe(true);
  expect(ledger.isMissing(4, 4)).toBe(false);
  ledger.outcome(2, 1, 0);
  expect(missing(ledger, 4)).toEqual([]);
});

it('expects no outcome for an offset that is missing in the log', () => {
  const ledger = createLedger(0, 0);
  ledger.command(0, 1);
  ledger.command(2, 1);
  ledger.outcome(0, 1, 0);
  ledger.outcome(2, 1, 0);
  expect(missing(ledger, 3)).toEqual([]);
});

it('finds an outcome under another key, and a repeat with other bytes', () => {
  const ledger = createLedger(0, 0);
  ledger.command(0, 1);
  expect(ledger.outcome(0, 9, 5)).toBe(true);
  expect(ledger.outcome(0, 9, 5)).toBe(false);
  expect(ledger.outcome(0, 9, 6)).toBe(false);
  expect(taken(ledger).map((one) => [one.kind, one.subject])).toEqual([
    ['OUTCOME_KEY_DIFFERS', '0-0'],
    ['OUTCOME_CHANGED', '0-0'],
  ]);
  expect(taken(ledger)).toEqual([]);
});

it('keeps a hole that left its window until its outcome arrives', () => {
  const ledger = createLedger(0, 0);
  ledger.outcome(1, 1, 1);
  ledger.outcome(70_000, 1, 1);
  expect(missing(ledger, 2)[0]).toBe(0);
  ledger.outcome(0, 1, 1);
  expect(missing(ledger, 2)).not.toContain(0);
});

it('counts a hole of a million offsets, and returns the lowest', () => {
  const ledger = createLedger(0, 0);
  ledger.outcome(1_000_000, 1, 1);
  const { offsets, count } = ledger.missingBelow(1_000_001, 3);
  expect(offsets).toEqual([0, 1, 2]);
  expect(count).toBe(1_000_000);
  ledger.outcome(500_000, 1, 1);
  expect(ledger.missingBelow(1_000_001, 3).count).toBe(999_999);
  expect(ledger.isMissing(500_000, 1_000_001)).toBe(false);
});
