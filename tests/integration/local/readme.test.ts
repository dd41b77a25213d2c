/** The commands of the README that place, pay and ship an order and take goods back, as they stand there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stackReset } from '../../../stack/index.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const prefix = useTopicPrefix('readme');
const database = useDatabase('readme');
const name = unique('t-readme-').slice(0, 31);
/** The start of ten processes, and two commands, on a machine with other work. */
const deadlineMs = 180_000;
let product: ChildProcess;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  env = {
    ...process.env,
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    REDIS_URL: redisUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    MYSQL_URL: database().url,
  };
  product = spawn(process.execPath, ['scripts/start.ts', '--name', name], {
    ...{ cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const lines = createInterface(product.stdout!);
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('Running after') && resolve());
    product.once('close', (code) => reject(new Error(`npm start ended with ${code}`)));
  });
}, deadlineMs);

afterAll(async () => {
  product.kill('SIGTERM');
  if (product.exitCode === null) await once(product, 'close');
  await stackReset(name);
}, 60_000);

/** The commands of the block of shell commands behind the heading that begins like this. */
function commandsOf(heading: string, first: string): string[] {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const blocks = [...section.matchAll(/```sh\n([^`]+)```/g)].map((match) => match[1]!);
  return blocks
    .find((block) => block.startsWith(first))!
    .trim()
    .split('\n');
}

/** Runs the command in a shell, on the product of this file. Returns what it prints. */
async function printedBy(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --name ${name}`], {
    ...{ cwd: root, env: env as NodeJS.ProcessEnv },
  });
  return stdout.replaceAll('\u00a0', ' ');
}

test('place an order and pay it, ship a parcel and take a damaged unit back', {
  timeout: deadlineMs,
}, async () => {
  const commands = commandsOf('Place an order', 'npx orderstream orders send');
  expect(commands).toHaveLength(2);
  const printed: string[] = [];
  for (const command of commands) printed.push(await printedBy(command));
  expect(printed[0]).toMatch(/^orders +1\n +PENDING_PAYMENT +1$/m);
  // 2 × 12.15, 10 % off, and 9.95 for shipping.
  expect(printed[1]).toMatch(/^paid: EUR 31\.82 pay_[0-9a-f]+\nthe order is PAID /);

  const id = /payments show ([0-9a-f-]{36})/.exec(printed[1]!)![1]!;
  const warehouse = commandsOf('Place an order', 'npx orderstream ship ORDER_ID');
  const said: string[] = [];
  for (const command of warehouse) said.push(await printedBy(command.replace('ORDER_ID', id)));
  expect(said).toEqual([
    'shipped as parcel 1: 2 of line 1; the order is SHIPPED (version 3)\n',
    'the delivery is recorded; the order is DELIVERED (version 4)\n',
    expect.stringMatching(/^return 1: 1 of line 1 \(0 restocked\); refund \S+ of EUR 10\.93 is requested; /),
    expect.stringMatching(/^refund \S+ of EUR 1\.00 is requested; the order is DELIVERED /),
  ]);
});
