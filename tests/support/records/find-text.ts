/** Searches everything that an installation stores for a text. */
import { Redis } from 'ioredis';
import type { Queryable } from '../../../services/shared/mysql/index.ts';

/** Names of the columns, as `table.column`, that have the text in a row. Binary columns are searched byte by byte. */
export async function columnsWith(db: Queryable, text: string): Promise<string[]> {
  const tables = await db.rows<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`,
  );
  const found = new Set<string>();
  for (const { name } of tables) {
    for (const row of await db.rows(`SELECT * FROM \`${name}\``)) {
      for (const [column, value] of Object.entries(row)) {
        if (textOf(value).includes(text)) found.add(`${name}.${column}`);
      }
    }
  }
  return [...found].toSorted();
}

/** Keys of Redis that have the text in their name or value. */
export async function redisKeysWith(url: string, text: string): Promise<string[]> {
  const redis = new Redis(url);
  const found = new Set<string>();
  try {
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
      cursor = next;
      for (const key of keys) {
        const value = await redis.dumpBuffer(key);
        const readable = (await redis.type(key)) === 'hash' ? await redis.hgetall(key) : null;
        const plain = await redis.get(key).catch(() => null);
        if (`${key} ${textOf(value)} ${JSON.stringify(readable)} ${plain}`.includes(text)) found.add(key);
      }
    }
  } finally {
    redis.disconnect();
  }
  return [...found];
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
