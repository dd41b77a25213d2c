import { expect, it } from 'vitest';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLedger } from '../matching/outcome-matcher.ts';
import { createOldOutcomes } from './old-outcomes.ts';

const signal = new AbortController().signal;

/** A lookup in an outcome topic with outcomes of these commands, in this order. */
function lookUp(sources: readonly number[]) {
  const reads: string[] = [];
  const find = createOldOutcomes(async (partition, from, to) => {
    reads.push(`${partition}: ${from}-${to}`);
    return sources.slice(Number(from), Number(to)).map(
      (source, offset) =>
        ({
          topic: 'events',
          partition,
          offset: BigInt(offset),
          key: null,
          value: Buffer.from('outcome'),
          timestampMs: 0,
          headers: { ce_id: Buffer.from(`${partition}-${source}`) },
        }) as unknown as InRecord,
    );
  });
  const events = { low: 0n, high: BigInt(sources.length) };
  return { find, events, reads };
}

it('an outcome of the previous topic belongs to a command below the start of an adopted topic', async () => {
  const ledger = createLedger(0, 0, []);
  for (let offset = 0; offset < 6; offset++) ledger.command(offset, 1);
  ledger.outcome(4, null, 1);
  expect(ledger.missingBelow(5, 10).offsets).toEqual([0, 1, 2, 3]);
  const { find, events } = lookUp([0, 1, 2, 3, 4]);
  await find(0, ledger, { commands: { low: 5n, high: 6n }, events }, signal);
  expect([ledger.missingBelow(5, 10).count, ledger.watermark()]).toEqual([0, 5]);
});

it('also answers a command of an open finding after a restart', async () => {
  const ledger = createLedger(0, 5, [1, 2]);
  const { find, events } = lookUp([0, 1, 2]);
  await find(0, ledger, { commands: { low: 5n, high: 6n }, events }, signal);
  expect(ledger.missingBelow(5, 10).count).toBe(0);
});

it('looks up a command without an outcome once, and it stays missing', async () => {
  const ledger = createLedger(0, 5, [1, 3]);
  const { find, events, reads } = lookUp([0, 1, 2]);
  const ranges = { commands: { low: 5n, high: 6n }, events };
  await find(0, ledger, ranges, signal);
  await find(0, ledger, ranges, signal);
  expect([ledger.missingBelow(5, 10).offsets, reads]).toEqual([[3], ['0: 0-3']]);
});

it('reads nothing for a command that the topic still has', async () => {
  const ledger = createLedger(0, 0, []);
  ledger.command(0, 1);
  const { find, events, reads } = lookUp([0]);
  await find(0, ledger, { commands: { low: 0n, high: 1n }, events }, signal);
  expect([ledger.missingBelow(1, 10).offsets, reads]).toEqual([[0], []]);
});
