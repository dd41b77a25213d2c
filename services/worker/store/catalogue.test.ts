import { describe, expect, it } from 'vitest';
import type { Session } from '../../shared/mysql/index.ts';
import { createCatalogue } from './catalogue.ts';

/** A database with one catalogue that the test changes between or during reads. */
function createFakeDatabase(prices: Record<string, number>) {
  const world = {
    version: 1,
    prices: { ...prices },
    reads: [] as string[][],
    beforeRead: () => undefined as unknown,
  };
  const session = {
    async rows(sql: string) {
      world.beforeRead();
      const skus = [...sql.slice(sql.indexOf(' IN (')).matchAll(/'([^']+)'/g)].map(([, sku]) => sku!);
      world.reads.push(skus);
      const found = skus.filter((sku) => sku in world.prices);
      const empty = { version: world.version, sku: null, name: null, unit_price: null, currency: null };
      const row = (sku: string) => ({
        ...empty,
        sku,
        name: `The ${sku}`,
        unit_price: world.prices[sku],
        currency: 'EUR',
      });
      return found.length === 0 ? [empty] : found.map(row);
    },
  } as Partial<Session> as Session;
  return { world, session };
}

const pricesOf = (
  { products }: { products: ReadonlyMap<string, { unitPrice: number }> },
  ...skus: string[]
) => skus.map((sku) => products.get(sku)?.unitPrice);

describe('the catalogue', () => {
  it('reads what it misses, and asks for the version even when it misses nothing', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    const first = await catalogue.snapshot(session, ['A']);
    expect(first.version).toBe(1);
    expect(first.products.get('A')).toEqual({ sku: 'A', name: 'The A', unitPrice: 1, currency: 'EUR' });
    world.reads = [];
    await catalogue.snapshot(session, ['A', 'B', 'B']);
    await catalogue.snapshot(session, ['A', 'B']);
    expect(world.reads).toEqual([['B'], []]);
  });

  it('looks up an unknown SKU once per version', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    await catalogue.snapshot(session, ['X']);
    world.reads = [];
    const again = await catalogue.snapshot(session, ['X']);
    expect(again.products.has('X')).toBe(false);
    world.prices['X'] = 5;
    world.version = 2;
    expect(pricesOf(await catalogue.snapshot(session, ['X']), 'X')).toEqual([5]);
    expect(world.reads).toEqual([[], [], ['X']]);
  });

  it('prices everything anew when the version has moved', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await catalogue.snapshot(session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 10, B: 20 } });
    const moved = await catalogue.snapshot(session, ['A', 'B']);
    expect([moved.version, ...pricesOf(moved, 'A', 'B')]).toEqual([2, 10, 20]);
  });

  it('never mixes two versions, when it moves again between the two reads', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await catalogue.snapshot(session, ['A']);
    world.beforeRead = () => {
      world.version += 1;
      world.prices = { A: world.version * 10, B: world.version * 10 };
    };
    const moved = await catalogue.snapshot(session, ['A', 'B']);
    expect([moved.version, ...pricesOf(moved, 'A', 'B')]).toEqual([3, 30, 30]);
  });

  it('forgets a product that is gone', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    await catalogue.snapshot(session, ['A']);
    Object.assign(world, { version: 2, prices: {} });
    expect((await catalogue.snapshot(session, ['A'])).products.has('A')).toBe(false);
  });

  it('leaves a snapshot as it was handed out when the version moves', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    const before = await catalogue.snapshot(session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 9 } });
    await catalogue.snapshot(session, ['A']);
    expect(pricesOf(before, 'A')).toEqual([1]);
  });

  it('begins anew rather than grow over its bound, and still knows all that was asked for', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2, C: 3 });
    const catalogue = createCatalogue({ productsMax: 3 });
    await catalogue.snapshot(session, ['A', 'X']);
    const both = await catalogue.snapshot(session, ['A', 'B', 'C']);
    expect(pricesOf(both, 'A', 'B', 'C')).toEqual([1, 2, 3]);
    expect([...both.products.keys()].toSorted()).toEqual(['A', 'B', 'C']);
    expect(world.reads.at(-1)).toEqual(['A', 'B', 'C']);
  });

  it('recovers from a read that failed half way', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await catalogue.snapshot(session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 10, B: 20 } });
    let reads = 0;
    world.beforeRead = () => {
      reads += 1;
      if (reads === 2) throw new Error('connection lost');
    };
    await expect(catalogue.snapshot(session, ['A', 'B'])).rejects.toThrow('connection lost');
    const after = await catalogue.snapshot(session, ['A', 'B']);
    expect([after.version, ...pricesOf(after, 'A', 'B')]).toEqual([2, 10, 20]);
  });
});
