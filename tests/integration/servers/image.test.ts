/** The files of the image are enough to run each service and the command line on real servers. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { programs } from '../../../docker/image/contents.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { plantedSecretKeys } from '../../support/records/planted.ts';
import { useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const image = mkdtempSync(path.join(tmpdir(), 'orderstream-image-'));
const database = useDatabase('image');
const topicPrefix = useTopicPrefix('image');
const services = programs(root)
  .map((file) => /^services\/(\w+)\//.exec(file)?.[1])
  .filter((name) => name !== undefined);
/** As in the Dockerfile. In other environments kafkajs loads its settings for tests. */
const imageEnv = { NODE_ENV: 'production', WEBHOOK_SECRET_KEYS: plantedSecretKeys };
/** Loads the SDK from the image. No span is recorded, because there is no collector. */
const traceEnv = {
  NODE_OPTIONS: `--import=${path.join(image, 'services/shared/trace/register.ts')}`,
  OTEL_TRACES_SAMPLER: 'always_off',
};
let world: ApiWorld;
const started = new Map<string, WorkerProcess>();

beforeAll(async () => {
  execFileSync(process.execPath, ['docker/image/copy.ts', 'product', image], { cwd: root, stdio: 'pipe' });
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
});
afterAll(async () => {
  await Promise.all([...started.values()].map((process) => process.stop()));
  await world?.close();
  rmSync(image, { recursive: true, force: true });
});

it('starts each service and decides an order', async () => {
  await Promise.all(
    services.map(async (name) => {
      const env = { ...world.env, ...imageEnv, ...traceEnv, INSTANCE_ID: name };
      const entry = path.join(image, 'services', name, 'main.ts');
      started.set(name, await spawnService(name, env, { entry }));
    }),
  );
  expect([...started.values()].map(({ running }) => running)).toEqual(services.map(() => true));

  const listening = await started.get('ingestion')!.logged((line) => 'url' in line, 'its address');
  const client = world.clientOf({ url: String(listening['url']) }, 'c1');
  const placed = await client.POST('/v1/orders', {
    params: placeHeaders('from-the-image', 30),
    body: orderOf(),
  });
  expect(placed.data).toMatchObject({ status: 'PENDING_PAYMENT' });
});

it('runs the command line without local servers', () => {
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, ['cli/main.ts', ...args], {
      cwd: image,
      env: { ...process.env, ...world.env, ...imageEnv },
      encoding: 'utf8',
      stdio: 'pipe',
    });
  expect(run('setup')).toContain('nothing to do: the tables are at that version');
  // For an unknown command the command line loads the modules of all commands.
  expect(() => run('stack', 'status')).toThrow("unknown command 'stack'");
});
