/**
 * Two installations use one database. The second is refused, and an existing database belongs to the prefix
 * that used it.
 */
import { expect, test } from 'vitest';
import { createArena } from '../support/arena/arena.ts';
import { newOrderOf, placeCommand } from '../support/arena/load.ts';
import { useArena } from '../support/arena/use-arena.ts';
import { useTopicPrefix } from '../support/servers/stack.ts';

const used = useArena('installation');
const otherPrefix = useTopicPrefix('installation-b');

test('a worker with another topic prefix is refused at its start, with the reason', async () => {
  const { arena, producer, skus } = used();
  const worker = await arena.startWorker();
  await producer.send(placeCommand(newOrderOf(3), [skus[0]!]));
  await arena.quiesce();
  await worker.stop();

  const other = await arena.startWorker({ KAFKA_TOPIC_PREFIX: otherPrefix });
  expect(await other.exited).toEqual({ code: 1, signal: null });
  const refusal = other.log.find(({ level }) => level === 'fatal');
  expect(JSON.stringify(refusal)).toContain('This database belongs to another installation');
  expect(JSON.stringify(refusal)).toContain(arena.options.topicPrefix);
}, 60_000);

test('a database of an older build is adopted by the prefix whose topics match it, and by no other', async () => {
  const { arena } = used();
  await arena.mysql.pool.write('DELETE FROM installation');
  const { kafkaBrokers, schemaRegistryUrl, redisUrl, mysqlUrl } = arena.options;
  // Creates the topics of the other installation, without any outcome.
  const beside = new URL(mysqlUrl);
  beside.pathname = `${beside.pathname}_b`;
  const other = await createArena({
    ...{ kafkaBrokers, schemaRegistryUrl, redisUrl },
    mysqlUrl: beside.href,
    topicPrefix: otherPrefix,
    stock: new Map(),
  });
  const foreign = await other.startWorker({ MYSQL_URL: mysqlUrl });
  expect(await foreign.exited).toEqual({ code: 1, signal: null });
  expect(JSON.stringify(foreign.log.find(({ level }) => level === 'fatal'))).toContain('has a trace of them');
  await other.mysql.pool.write(`DROP DATABASE ${beside.pathname.slice(1)}`);
  await other.close();

  const rightful = await arena.startWorker();
  const [row] = await arena.mysql.pool.rows<{ prefix: string }>(
    'SELECT topic_prefix AS prefix FROM installation',
  );
  expect(row?.prefix).toBe(arena.options.topicPrefix);
  expect((await rightful.stop()).code).toBe(0);
}, 90_000);
