import { expect, it } from 'vitest';
import { topicCatalogue } from '../../../topics/index.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('setup');
const prefix = useTopicPrefix('setup');
const catalogue = 'sku,name,unit_price_minor,currency,stock\nPEN,Pen,150,EUR,10\n';

function run(args: readonly string[], input = '') {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  const env = {
    ...{ KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl, REDIS_URL: redisUrl },
    ...{ MYSQL_URL: database().url, KAFKA_TOPIC_PREFIX: prefix },
  };
  return orderstream({ name: 'setup', env }, args, { input });
}

it('prepares empty servers in one command, and changes nothing the second time', {
  timeout: 60_000,
}, async () => {
  await run(['migrate', '--down', '--to', '0']);
  const first = await run(['setup', '--catalogue', '-'], catalogue);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/up 0001/);
  expect(first.stdout).toContain('1 products: 1 new');
  for (const { name } of topicCatalogue) expect(first.stdout).toContain(`${prefix}${name}`);

  const second = await run(['setup', '--catalogue', '-'], catalogue);
  expect(second.code).toBe(0);
  expect(second.stdout).toContain('no changes');
  expect(second.stdout).toContain('nothing to do: the tables are at that version');
  expect(second.stdout).toContain('0 new, 0 changed, 1 unchanged');
});
