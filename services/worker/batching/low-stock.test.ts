import { describe, expect, it } from 'vitest';
import { createLowStock } from './low-stock.ts';

describe('low stock', () => {
  it('contains only the added SKUs', () => {
    const lowStock = createLowStock();
    expect(lowStock.among(['A', 'B'])).toEqual([]);
    lowStock.add(['A', 'C']);
    expect(lowStock.among(['A', 'B', 'C'])).toEqual(['A', 'C']);
  });

  it('forgets a SKU whose level is many times the demand', () => {
    const lowStock = createLowStock();
    lowStock.add(['A']);
    lowStock.observe('A', 100, 5);
    expect(lowStock.among(['A'])).toEqual(['A']);
    lowStock.observe('A', 101, 5);
    expect(lowStock.among(['A'])).toEqual([]);
  });

  it('drops the oldest SKUs when there are too many, but keeps a SKU that was added again', () => {
    const lowStock = createLowStock();
    lowStock.add(['first', 'second']);
    lowStock.add(Array.from({ length: 9_998 }, (_, index) => `sku-${index}`));
    lowStock.add(['first']);
    lowStock.add(['one more']);
    expect(lowStock.size).toBe(10_000);
    expect(lowStock.among(['first', 'second', 'one more'])).toEqual(['first', 'one more']);
  });
});
