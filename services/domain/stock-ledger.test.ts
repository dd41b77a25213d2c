import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStockLedger } from './stock-ledger.ts';

const unread = new Map<string, number>();

describe('the stock ledger', () => {
  it('returns the remaining units of a SKU that was read, and null for any other SKU', () => {
    const ledger = openStockLedger(new Map([['A', 5]]));
    ledger.take('A', 2);
    ledger.take('B', 2);
    expect(ledger.left('A')).toBe(3);
    ledger.giveBack('A', 1);
    expect(ledger.left('A')).toBe(4);
    expect(ledger.left('B')).toBeNull();
  });

  it('sorts by SKU, so that all writers lock in the same order', () => {
    const ledger = openStockLedger(unread);
    for (const sku of ['b', 'C', 'a', 'A', '10', '9']) ledger.take(sku, 1);
    expect(ledger.changes().map(({ sku }) => sku)).toEqual(['10', '9', 'A', 'C', 'a', 'b']);
  });

  it('keeps the guard for units that were taken and returned, and drops SKUs without any change', () => {
    const ledger = openStockLedger(unread);
    ledger.take('A', 3);
    ledger.giveBack('A', 3);
    ledger.giveBack('B', 2);
    ledger.take('B', 2);
    expect(ledger.changes()).toEqual([{ sku: 'A', net: 0, peak: 3, shipped: 0, added: 0 }]);
  });

  it('sets the guard to the exact level at which each take of the batch succeeds in order', () => {
    const anyMoves = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(anyMoves, fc.nat({ max: 20 }), (moves, level) => {
        const ledger = openStockLedger(unread);
        let left = level;
        let served = true;
        for (const move of moves) {
          if (move > 0) ledger.take('A', move);
          if (move < 0) ledger.giveBack('A', -move);
          left -= move;
          if (move > 0 && left < 0) served = false;
        }
        const [change] = ledger.changes();
        expect(level >= (change?.peak ?? 0)).toBe(served);
        expect(level - (change?.net ?? 0)).toBe(left);
      }),
    );
  });
});
