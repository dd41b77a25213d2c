/**
 * Sends the smallest input of each known fault to one running product. `npm run cases` does the same by hand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instanceDir, runningNames, stackReset } from '../../../stack/index.ts';
import { rowIds } from '../../cases/row-ids.ts';
import { cases, shownElsewhere } from '../../cases/rows.ts';
import { scenarios } from '../../chaos/scenarios.ts';
import { openProduct, type Product } from '../../support/programs/product.ts';
import { keepLine } from '../../support/records/kept-logs.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const START_MS_MAX = 120_000;
const prefix = useTopicPrefix('cases');
const database = useDatabase('cases');
const name = `${testStack().name}-cases`;
let product: Product;

/** Starts only the services. They use the servers of this run, with their own topics and database. */
beforeAll(async () => {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  product = await openProduct(name, {
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    REDIS_URL: redisUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    MYSQL_URL: database().url,
  });
}, START_MS_MAX);

afterAll(async () => {
  await product.close();
  expect(runningNames(instanceDir(name))).toEqual([]);
  keepLogs();
  await stackReset(name);
});

describe('on a running product', () => {
  test.each(cases)('$id: $holds', async ({ run }) => {
    expect(await run(product)).toBeNull();
  });
});

describe('the rows', () => {
  const shown = new Set([...cases, ...shownElsewhere].map(({ id }) => id));

  test('each known fault has a case, or a test that shows it', () => {
    expect(rowIds.filter((id) => !shown.has(id))).toEqual([]);
  });

  test('every case belongs to a known fault', () => {
    expect([...shown].filter((id) => !rowIds.includes(id))).toEqual([]);
  });

  test.each(shownElsewhere)('$id is shown by existing tests: $shownBy', ({ shownBy }) => {
    const scenario = /^npm run chaos -- (\S+)$/.exec(shownBy)?.[1];
    const isThere =
      scenario === undefined
        ? /\.test\.ts$/.test(shownBy) && existsSync(path.join(root, shownBy))
        : scenario in scenarios;
    expect(isThere).toBe(true);
  });
});

/** The logs of these services are searched with the others. */
function keepLogs(): void {
  const logs = path.join(instanceDir(name), 'logs');
  for (const file of readdirSync(logs)) {
    const lines = readFileSync(path.join(logs, file), 'utf8').split('\n');
    for (const line of lines) if (line !== '') keepLine(line);
  }
}
