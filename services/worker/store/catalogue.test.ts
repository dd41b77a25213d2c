import { describe, expect, it } from 'vitest';
import { headroomBytes, type Script, type Session, StatementBuffer } from '../../shared/mysql/index.ts';
import { createCatalogue, type PriceCatalogue } from './catalogue.ts';

/** A database with one catalogue that the test changes between or during reads. */
function createFakeDatabase(prices: Record<string, number>) {
  const world = {
    version: 1,
    prices: { ...prices },
    reads: [] as string[][],
    beforeRead: () => undefined as unknown,
  };
  const session = {
    async run([packet]: Script) {
      world.beforeRead();
      const sql = packet!.framed.toString('utf8', headroomBytes);
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
        min_quantity: null,
        break_price: null,
        weight_grams: 40,
        tax_category: 'food',
      });
      return [found.length === 0 ? [empty] : found.map(row)];
    },
  } as Partial<Session> as Session;
  return { world, session };
}

const pricesOf = (
  { products }: { products: ReadonlyMap<string, { unitPrice: number }> },
  ...skus: string[]
) => skus.map((sku) => products.get(sku)?.unitPrice);

/** Asks for a snapshot and reads the response, as a batch does. */
async function snapshotOf(catalogue: PriceCatalogue, session: Session, skus: readonly string[]) {
  const buffer = new StatementBuffer();
  const question = catalogue.ask(buffer, skus);
  const answers = await session.run(buffer.script());
  return question.answered(session, answers[question.place]);
}

describe('the catalogue', () => {
  it('reads missing rows, and the version even if none is missing', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    const first = await snapshotOf(catalogue, session, ['A']);
    expect(first.version).toBe(1);
    expect(first.products.get('A')).toEqual({
      sku: 'A',
      name: 'The A',
      unitPrice: 1,
      currency: 'EUR',
      weightGrams: 40,
      taxCategory: 'food',
      breaks: null,
    });
    world.reads = [];
    await snapshotOf(catalogue, session, ['A', 'B', 'B']);
    await snapshotOf(catalogue, session, ['A', 'B']);
    expect(world.reads).toEqual([['B'], []]);
  });

  it('looks up an unknown SKU once per version', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    await snapshotOf(catalogue, session, ['X']);
    world.reads = [];
    const again = await snapshotOf(catalogue, session, ['X']);
    expect(again.products.has('X')).toBe(false);
    world.prices['X'] = 5;
    world.version = 2;
    expect(pricesOf(await snapshotOf(catalogue, session, ['X']), 'X')).toEqual([5]);
    expect(world.reads).toEqual([[], [], ['X']]);
  });

  it('reads all prices again when the version has changed', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await snapshotOf(catalogue, session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 10, B: 20 } });
    const moved = await snapshotOf(catalogue, session, ['A', 'B']);
    expect([moved.version, ...pricesOf(moved, 'A', 'B')]).toEqual([2, 10, 20]);
  });

  it('never mixes two versions, even if the version changes between the two reads', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await snapshotOf(catalogue, session, ['A']);
    world.beforeRead = () => {
      world.version += 1;
      world.prices = { A: world.version * 10, B: world.version * 10 };
    };
    const moved = await snapshotOf(catalogue, session, ['A', 'B']);
    expect([moved.version, ...pricesOf(moved, 'A', 'B')]).toEqual([3, 30, 30]);
  });

  it('forgets a deleted product', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    await snapshotOf(catalogue, session, ['A']);
    Object.assign(world, { version: 2, prices: {} });
    expect((await snapshotOf(catalogue, session, ['A'])).products.has('A')).toBe(false);
  });

  it('does not change an existing snapshot when the version changes', async () => {
    const { world, session } = createFakeDatabase({ A: 1 });
    const catalogue = createCatalogue();
    const before = await snapshotOf(catalogue, session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 9 } });
    await snapshotOf(catalogue, session, ['A']);
    expect(pricesOf(before, 'A')).toEqual([1]);
  });

  it('clears itself at its limit, and still returns all requested rows', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2, C: 3 });
    const catalogue = createCatalogue({ productsMax: 3 });
    await snapshotOf(catalogue, session, ['A', 'X']);
    const both = await snapshotOf(catalogue, session, ['A', 'B', 'C']);
    expect(pricesOf(both, 'A', 'B', 'C')).toEqual([1, 2, 3]);
    expect([...both.products.keys()].toSorted()).toEqual(['A', 'B', 'C']);
    expect(world.reads.at(-1)).toEqual(['A', 'B', 'C']);
  });

  it('recovers from a failed read', async () => {
    const { world, session } = createFakeDatabase({ A: 1, B: 2 });
    const catalogue = createCatalogue();
    await snapshotOf(catalogue, session, ['A']);
    Object.assign(world, { version: 2, prices: { A: 10, B: 20 } });
    let reads = 0;
    world.beforeRead = () => {
      reads += 1;
      if (reads === 2) throw new Error('connection lost');
    };
    await expect(snapshotOf(catalogue, session, ['A', 'B'])).rejects.toThrow('connection lost');
    const after = await snapshotOf(catalogue, session, ['A', 'B']);
    expect([after.version, ...pricesOf(after, 'A', 'B')]).toEqual([2, 10, 20]);
  });
});
