import { describe, expect, it } from 'vitest';
import { createScarcity } from './low-stock.ts';

describe('scarcity', () => {
  it('knows only what was marked', () => {
    const scarcity = createScarcity();
    expect(scarcity.among(['A', 'B'])).toEqual([]);
    scarcity.mark(['A', 'C']);
    expect(scarcity.among(['A', 'B', 'C'])).toEqual(['A', 'C']);
  });

  it('lets go of a SKU that holds many times what is asked for', () => {
    const scarcity = createScarcity();
    scarcity.mark(['A']);
    scarcity.observe('A', 100, 5);
    expect(scarcity.among(['A'])).toEqual(['A']);
    scarcity.observe('A', 101, 5);
    expect(scarcity.among(['A'])).toEqual([]);
  });

  it('forgets the oldest marks when there are too many, and a renewed one last', () => {
    const scarcity = createScarcity();
    scarcity.mark(['first', 'second']);
    scarcity.mark(Array.from({ length: 9_998 }, (_, index) => `sku-${index}`));
    scarcity.mark(['first']);
    scarcity.mark(['one more']);
    expect(scarcity.size).toBe(10_000);
    expect(scarcity.among(['first', 'second', 'one more'])).toEqual(['first', 'one more']);
  });
});
