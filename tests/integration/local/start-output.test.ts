/** `npm start` loses the reader of its output. Another run follows a killed one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { instanceDir, isRunning, runningNames, runningProcess, stackReset } from '../../../stack/index.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const prefix = useTopicPrefix('start');
const database = useDatabase('start');
const name = unique('t-start-').slice(0, 31);
const dir = instanceDir(name);
const services = [
  'ingestion',
  'mail-sink',
  'notification',
  'observer',
  'payment-provider',
  'payments',
  'projector',
  'reconciliation',
  'scheduler',
  'worker-1',
  'worker-2',
];

afterAll(() => stackReset(name));

/** Starts only the services, on the servers of this run. */
function start(): ChildProcess & { stderrText(): string } {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  const env = {
    ...process.env,
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    REDIS_URL: redisUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    MYSQL_URL: database().url,
  };
  const child = spawn(process.execPath, ['scripts/start.ts', '--name', name], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk) => (text += chunk));
  return Object.assign(child, { stderrText: () => text });
}

/** Resolves with the first line of the output that matches the pattern. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      if (pattern.test(line)) resolve(line);
    });
    child.once('close', (code) => reject(new Error(`it ended with exit code ${code} before that line`)));
  });
}

test('processes that a killed start left running end with the next start, which stops cleanly without a reader', async () => {
  const killed = start();
  // This line belongs to the step after the start of the services.
  await lineOf(killed, /^sample orders$/);
  expect(services.filter((one) => !runningNames(dir).includes(one))).toEqual([]);
  const left = services.map((one) => runningProcess(dir, one)!);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(left.every(isRunning)).toBe(true);

  const second = start();
  await lineOf(second, /^services$/);
  expect(left.filter(isRunning)).toEqual([]);

  // As `npm start | grep -m1 ready` does.
  await lineOf(second, /ready/);
  second.stdout!.destroy();
  const [code] = await once(second, 'close');
  expect(code).toBe(1);
  expect(second.stderrText()).toBe(
    'npm start: the output was closed before all of it was written, so everything is stopped\n',
  );
  expect(runningNames(dir)).toEqual([]);
}, 90_000);
