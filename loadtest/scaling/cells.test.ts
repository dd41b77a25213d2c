import { describe, expect, it } from 'vitest';
import { addCell, unsoldAtFirstRefusal } from './cells.ts';
import { sizeFor } from './sizes.ts';

const equal = { customers: 20_000, cells: 4, weightOf: () => 1 };

describe('one more cell', () => {
  it('moves only the customers that it gets, where the remainder of a division moves most', () => {
    expect(addCell(equal).moved).toBeCloseTo(1 / 5, 1);
    expect(addCell(equal, (customer, cells) => customer % cells).moved).toBeCloseTo(4 / 5, 1);
  });

  it('shares equal customers well, and a large one not at all', () => {
    expect(addCell(equal).fullest).toBeLessThan(1.1);
    const oneLarge = (customer: number): number => (customer === 7 ? 20_000 : 1);
    expect(addCell({ ...equal, weightOf: oneLarge }).fullest).toBeGreaterThan(2.5);
  });
});

describe('stock that is split', () => {
  const unsold = (plan: { cells: number; shareEvery: number | null }): number => {
    const all = Array.from({ length: 20 }, (_, seed) =>
      unsoldAtFirstRefusal({ ...plan, units: 1_000, seed }),
    );
    return all.reduce((sum, one) => sum + one, 0) / all.length;
  };

  it('refuses nothing in one cell, more with more cells, and less if it is shared again', () => {
    const [one, four, sixteen] = [1, 4, 16].map((cells) => unsold({ cells, shareEvery: null })) as [
      number,
      number,
      number,
    ];
    expect(one).toBe(0);
    expect(four).toBeGreaterThan(0.01);
    expect(sixteen).toBeGreaterThan(four);
    expect(unsold({ cells: 16, shareEvery: 50 })).toBeLessThan(sixteen / 2);
  });
});

it('the size of a load follows from the cost of an order', () => {
  const { busyCores, ...size } = sizeFor(8_000);
  expect(busyCores.worker).toBeCloseTo(0.84);
  expect(size).toEqual({
    ...{
      ingestion: 2,
      workersByCores: 2,
      workersByRate: 7,
      partitions: 12,
      inFlight: 416,
      backlogMax: 40_000,
    },
  });
});
