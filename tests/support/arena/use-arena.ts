/** The arena that most test files use. */
import { afterAll, beforeAll } from 'vitest';
import { testStack, useDatabase, useTopicPrefix } from '../servers/stack.ts';
import { type Arena, createArena } from './arena.ts';
import { createProducer, type Producer } from './load.ts';

export interface UsedArena {
  readonly arena: Arena;
  readonly producer: Producer;
  /** The stock of each SKU. It is more than any test orders. */
  readonly skus: readonly string[];
}

const skuCount = 20;
const plenty = 1_000_000;

/**
 * An arena for this file on the tests' servers, and a producer for it. Both end after the file. Call this at
 * the top of the file. The returned function returns both inside hooks and tests.
 */
export function useArena(room: string): () => UsedArena {
  const topicPrefix = useTopicPrefix(room);
  const database = useDatabase(room);
  const skus = Array.from({ length: skuCount }, (_, index) => `SKU-${index}`);
  let used: UsedArena | undefined;
  beforeAll(async () => {
    const stock = new Map(skus.map((sku) => [sku, plenty]));
    const arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix, stock });
    used = { arena, producer: await createProducer(arena), skus };
  });
  afterAll(async () => {
    await used?.producer.close();
    await used?.arena.close();
  });
  return () => {
    if (used === undefined) throw new Error('the arena exists only inside hooks and tests');
    return used;
  };
}
