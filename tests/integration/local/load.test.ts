/** `npm run load` on a running product: each accepted order gets its outcome, and the history has every request. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HistoryLine } from '../../../loadtest/load/history.ts';
import { stackReset } from '../../../stack/index.ts';
import { openProduct, type Product } from '../../support/programs/product.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const startMsMax = 120_000;
const prefix = useTopicPrefix('load');
const database = useDatabase('load');
const name = `${testStack().name}-load`;
const dir = mkdtempSync(path.join(tmpdir(), 'os-load-'));
let product: Product;

beforeAll(async () => {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  product = await openProduct(name, {
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    REDIS_URL: redisUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    MYSQL_URL: database().url,
  });
}, startMsMax);

afterAll(async () => {
  await product?.close();
  await stackReset(name);
  rmSync(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly ended: Promise<Ended>;
  interrupt(): void;
}

/** Starts the load generator as a user does. */
function startLoad(...args: string[]): Running {
  const env = { ...process.env, ...product.env };
  const child = spawn(process.execPath, ['loadtest/load/main.ts', ...args], { cwd: root, env });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (texts.stdout += chunk));
  child.stderr.on('data', (chunk) => (texts.stderr += chunk));
  return {
    ended: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, ...texts }));
    }),
    interrupt: () => child.kill('SIGINT'),
  };
}

function load(...args: string[]): Promise<Ended> {
  return startLoad(...args).ended;
}

function historyOf(file: string): HistoryLine[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryLine);
}

/** The ids of the stored orders whose key has this prefix, from the lists of all customers. */
async function storedIds(keyPrefix: string): Promise<string[]> {
  const ids: string[] = [];
  const api = `${product.url}/v1/orders`;
  for (let customer = 1; customer <= 8; customer++) {
    const headers = { authorization: `Bearer ${await product.token(`load-${customer}`)}` };
    let query: string | null = 'limit=100&include=details';
    while (query !== null) {
      const page = (await (await fetch(`${api}?${query}`, { headers })).json()) as {
        items: { id: string; idempotencyKey: string }[];
        nextCursor?: string;
      };
      for (const { id, idempotencyKey } of page.items) if (idempotencyKey.startsWith(keyPrefix)) ids.push(id);
      query = page.nextCursor === undefined ? null : `limit=100&include=details&cursor=${page.nextCursor}`;
    }
  }
  return ids;
}

describe('on a running product', () => {
  test('a steady load places every order once, and finds the outcome of each', async () => {
    const file = path.join(dir, 'steady.ndjson');
    const run = await load('steady', '--name', name, '--rate', '100', '--seconds', '2', '--history', file);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^orders +200$/m);
    expect(run.stdout).toMatch(/^outcomes +200$/m);
    expect(run.stdout).toMatch(/^ {2}missing +0$/m);
    expect(run.stdout).toMatch(/^until the outcome .* of [1-9]\d* sampled orders$/m);
    const lines = historyOf(file);
    const ids = lines.flatMap(({ orderIds }) => orderIds.filter((id) => id !== null));
    expect(new Set(ids).size).toBe(200);
    const keyPrefix = /keys (\S+)…/.exec(run.stdout)![1]!;
    expect(new Set(lines.flatMap(({ keys }) => keys))).toEqual(
      new Set(Array.from({ length: 200 }, (_, index) => `${keyPrefix}${index + 1}`)),
    );
    expect((await storedIds(keyPrefix)).toSorted()).toEqual(ids.toSorted());
  });

  test('batches have one result per order', async () => {
    const file = path.join(dir, 'bulk.ndjson');
    const run = await load('bulk', '--name', name, '--rate', '200', '--seconds', '1', '--history', file);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^outcomes +200$/m);
    expect(historyOf(file).map(({ orderIds }) => new Set(orderIds).size)).toEqual(Array(10).fill(20));
  });

  test('products sell out', async () => {
    const run = await load('sold-out', '--name', name, '--rate', '50', '--seconds', '2');
    expect(run).toMatchObject({ code: 0 });
    // The eight scarcest products of the sample catalogue have 34 units, and each order takes at least one.
    const refused = Number(/^ {4}OUT_OF_STOCK +(\d+)$/m.exec(run.stdout)![1]);
    expect(refused).toBeGreaterThanOrEqual(100 - 34);
  });

  test('given tokens work without an instance and are never shown', async () => {
    const tokens = [await product.token('shop-1'), await product.token('shop-2')];
    const given = tokens.flatMap((token) => ['--token', token]);
    const file = path.join(dir, 'tokens.ndjson');
    const args = ['--rate', '40', '--seconds', '1', '--url', product.url, '--history', file];
    const run = await load('steady', ...args, ...given, '--name', 'no-such-instance');
    expect(run).toMatchObject({ code: 0 });
    expect(new Set(historyOf(file).map(({ customer }) => customer))).toEqual(
      new Set(['customer 1', 'customer 2']),
    );
    for (const token of tokens)
      expect(run.stdout + run.stderr + readFileSync(file, 'utf8')).not.toContain(token);
  });

  test('Ctrl-C ends the load early, with the table and the outcomes of what was accepted', async () => {
    const file = path.join(dir, 'interrupted.ndjson');
    const running = startLoad(
      'steady',
      '--name',
      name,
      '--rate',
      '50',
      '--seconds',
      '600',
      '--history',
      file,
    );
    await until(() => historyOf(file).length >= 20, { what: 'some answers' });
    running.interrupt();
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^steady, [\d.]+ s \(interrupted\)/);
    const accepted = historyOf(file).filter(({ status }) => status === 202).length;
    expect(Number(/^outcomes +([\d,]+)$/m.exec(stdout)![1]!.replace(',', ''))).toBe(accepted);
  });
});

describe('a mistake has one sentence', () => {
  const token = (text: string): string[] => ['--url', product.url, '--token', text];
  const refused = 'eyJhbGciOiJub25lIn0.e30.';

  test.each<[string, () => string[], number, RegExp]>([
    ['without a scenario', () => [], 2, /^error: missing required argument 'scenario'\n$/],
    ['an unknown scenario', () => ['nope'], 2, /^error: .*Allowed choices are light, steady,.*\n$/],
    ['a rate of zero', () => ['light', '--rate', '0'], 2, /^error: option '--rate <n>' .*\n$/],
    ['a run without a request', () => ['bulk', '--rate', '1', '--seconds', '1'], 2, /^.*has no request.*\n$/],
    ['no catalogue', () => ['light', '--catalogue', '/none'], 2, /^orderstream: cannot read \/none.*\n$/],
    [
      'a malformed token',
      () => ['light', ...token('a b')],
      2,
      /^orderstream: token 1 is not a bearer token\n$/,
    ],
    [
      'a refused token',
      () => ['light', ...token(refused)],
      1,
      /^orderstream: the API refused token 1: 401 .*\n$/,
    ],
    [
      'a server that is down',
      () => ['light', '--name', name, '--url', 'http://127.0.0.1:9'],
      1,
      /^orderstream: .*127\.0\.0\.1:9.*\n$/,
    ],
    [
      'an unknown instance',
      () => ['light', '--name', 'nobody'],
      1,
      /^orderstream: there is no local instance "nobody".*\n$/,
    ],
  ])('%s', async (_, args, code, sentence) => {
    const run = await load(...args());
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toContain(refused);
  });
});
