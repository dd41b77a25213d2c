/** An arena on servers of its own: chaos runs are long and rough, and nobody else is to feel them. */
import { randomBytes } from 'node:crypto';
import { createMysql } from '../../services/shared/mysql/index.ts';
import { type StackInfo, stackDown, stackUp } from '../../stack/index.ts';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { createProducer, type Producer } from '../support/arena/load.ts';

export interface ChaosArena {
  readonly stack: StackInfo;
  readonly arena: Arena;
  readonly producer: Producer;
  /** Ends workers and servers; drops the database when all went well. */
  close(ok: boolean): Promise<void>;
}

export const chaosInstance = 'chaos';
export const scarceSku = 'SCARCE-1';
export const plentySkus = Array.from({ length: 50 }, (_, index) => `SKU-${index}`);

export async function openChaosArena(): Promise<ChaosArena> {
  const stack = await stackUp({ name: chaosInstance });
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
    stock: new Map([...plentySkus.map((sku) => [sku, 10_000_000] as const), [scarceSku, 500] as const]),
  });
  const producer = await createProducer(arena);
  return {
    stack,
    arena,
    producer,
    async close(ok) {
      await producer.close();
      await arena.close();
      if (ok) {
        const mysql = createMysql({ url: mysqlUrl.href, log: arena.log, poolSize: 1 });
        await mysql.pool.write(`DROP DATABASE IF EXISTS \`${mysqlUrl.pathname.slice(1)}\``);
        await mysql.close();
      }
      await stackDown(chaosInstance);
    },
  };
}
