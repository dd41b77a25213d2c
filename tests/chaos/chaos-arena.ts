/** An arena on separate servers. Chaos runs are long and must not affect other tests. */
import { randomBytes } from 'node:crypto';
import { createMysql } from '../../services/shared/mysql/index.ts';
import { type StackInfo, stackDown, stackUp } from '../../stack/index.ts';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { createProducer, type Producer } from '../support/arena/load.ts';

/** One of several arenas on the same servers, each with its own topics and database. */
export interface Sibling {
  readonly arena: Arena;
  readonly producer: Producer;
  /** Ends its workers. Drops the database if all checks passed. */
  close(ok: boolean): Promise<void>;
}

export interface ChaosArena extends Sibling {
  readonly stack: StackInfo;
  /** A second arena for the same commands under other conditions. */
  sibling(stock: ReadonlyMap<string, number>): Promise<Sibling>;
}

export const chaosInstance = 'chaos';
export const scarceSku = 'SCARCE-1';
export const plentySkus = Array.from({ length: 50 }, (_, index) => `SKU-${index}`);

/**
 * Starts the servers and opens an arena on them; closing it stops them. With three brokers every topic has
 * three replicas, and two must have a record before it is acknowledged. Three brokers are a separate
 * instance, because the number of brokers of an instance never changes.
 */
export async function openChaosArena(instance: string = chaosInstance, brokers = 1): Promise<ChaosArena> {
  const name = brokers === 1 ? instance : `${instance}-brokers`;
  const stack = await stackUp({ name, brokers });
  const stock = new Map([...plentySkus.map((sku) => [sku, 10_000_000] as const), [scarceSku, 500] as const]);
  const own = await openSibling(stack, stock, brokers);
  return {
    ...own,
    stack,
    sibling: (stock) => openSibling(stack, stock, brokers),
    async close(ok) {
      await own.close(ok);
      await stackDown(name);
    },
  };
}

async function openSibling(
  stack: StackInfo,
  stock: ReadonlyMap<string, number>,
  replicationFactor: number,
): Promise<Sibling> {
  const run = randomBytes(4).toString('hex');
  const mysqlUrl = new URL(stack.mysqlUrl);
  mysqlUrl.pathname = `/os_chaos_${run}`;
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = stack;
  const arena = await createArena({
    kafkaBrokers,
    schemaRegistryUrl,
    redisUrl,
    mysqlUrl: mysqlUrl.href,
    topicPrefix: `chaos-${run}.`,
    replicationFactor,
    stock,
  });
  const producer = await createProducer(arena);
  return {
    arena,
    producer,
    async close(ok) {
      await producer.close();
      await arena.close();
      if (!ok) return;
      const mysql = createMysql({ url: mysqlUrl.href, log: arena.log, poolSize: 1 });
      await mysql.pool.write(`DROP DATABASE IF EXISTS \`${mysqlUrl.pathname.slice(1)}\``);
      await mysql.close();
    },
  };
}
