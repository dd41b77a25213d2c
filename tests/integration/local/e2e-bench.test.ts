/**
 * The end-to-end bench in its shortest form. Every design places and decides orders, and the checks of a run
 * find damage.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, openArena, type Times } from '../../../loadtest/e2e/arena.ts';
import { productDesign } from '../../../loadtest/e2e/product.ts';
import { articlesDesign, asyncDesign } from '../../../loadtest/e2e/reference-design.ts';
import { rowsProblem, stockProblem } from '../../../loadtest/e2e/rows.ts';
import { type BenchStack, openStack } from '../../../loadtest/frame/stack.ts';
import { type Connection, connect } from '../../../loadtest/reference/connect.ts';
import { identify, isRunning } from '../../../stack/index.ts';
import { until } from '../../support/until.ts';

const times: Times = { startUpMs: 300, warmUpMs: 200, measureMs: 1_000 };
const linesEach = 4;
const connections = 8;
const single = { kind: 'closed', connections, ordersEach: 1 } as const;
const onTheClock = { kind: 'open', perSecond: 50, waitSeconds: 0, refusalsCount: false } as const;
let stack: BenchStack;
let arena: Arena;

beforeAll(async () => {
  process.env['ORDERSTREAM_BENCH_STACK'] = process.env['ORDERSTREAM_TEST_STACK'] || 'test';
  stack = await openStack(() => undefined);
  const designs = {
    ours: productDesign,
    articles: (...[own, jwks]: Parameters<typeof productDesign>) => articlesDesign(own, jwks),
    async: (...[own, jwks]: Parameters<typeof productDesign>) => asyncDesign(own, jwks),
  };
  arena = await openArena(stack, designs, times);
});

afterAll(async () => {
  await arena?.close();
  await stack?.close();
});

const ways: [string, Parameters<Arena['run']>[1]][] = [
  ['single orders', { shape: single, keyPrefix: 'single-' }],
  ['batches', { shape: { ...single, ordersEach: 20 }, keyPrefix: 'batch-' }],
  ['orders whose clients poll', { shape: onTheClock, keyPrefix: 'poll-', seenBy: 'poll' }],
  ['orders whose clients read a stream', { shape: onTheClock, keyPrefix: 'stream-', seenBy: 'stream' }],
  [
    'orders whose clients wait',
    { shape: { ...onTheClock, waitSeconds: 5 }, keyPrefix: 'wait-', seenBy: 'wait' },
  ],
  ['single orders without subscribers', { shape: single, keyPrefix: 'frozen-', isFrozen: true }],
];

test.each(ways)('our design decides %s', async (_, way) => {
  const run = await arena.run('ours', way);
  expect(run).toMatchObject({ ok: true });
  if (run.ok) expect(run.sample.orders).toBeGreaterThan(0);
});

test.each(['articles', 'async'])('the reference design %s decides every order once', async (design) => {
  const run = await arena.run(design, { shape: single, keyPrefix: `${design}-` });
  expect(run).toMatchObject({ ok: true });
  if (run.ok) expect(run.sample.orders).toBeGreaterThan(0);
});

test('a run waits for the end of the run before, and leaves its processes alone', async () => {
  const runs = await Promise.all([
    arena.run('async', { shape: single, keyPrefix: 'first-' }),
    arena.run('articles', { shape: single, keyPrefix: 'second-' }),
  ]);
  expect(runs).toMatchObject([{ ok: true }, { ok: true }]);
});

test('a service ends with the bench that started it, even if the bench is killed', async () => {
  const module = path.resolve(import.meta.dirname, '../../../loadtest/frame/service-process.ts');
  const env = JSON.stringify(arena.designs.get('ours')!.own.env);
  const bench = `
    import { startService } from ${JSON.stringify(module)};
    const { pid } = await startService('projector', ${env}, 'projector is ready');
    process.stdout.write(String(pid));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', bench], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = (await once(child.stdout, 'data')) as [Buffer];
  const service = identify(Number(pid))!;
  expect(isRunning(service)).toBe(true);
  child.kill('SIGKILL');
  await until(() => !isRunning(service), { what: 'the end of the service' });
});

test.each(['ours', 'articles', 'async'])(
  'the missing stock of %s is what its orders hold',
  async (design) => {
    expect(await arena.stockProblem(design)).toBeNull();
  },
);

const damages: [string, string, RegExp][] = [
  ['an order that is missing', 'DELETE FROM orders LIMIT 1', /were accepted, \d+ stored/],
  ['a line that is missing', 'DELETE FROM order_items LIMIT 1', /lines are stored instead of/],
  ['a total that is off by one', 'UPDATE orders SET total = total + 1 LIMIT 1', /amounts that do not add up/],
  ['a rejected order', "UPDATE orders SET status = 'REJECTED' LIMIT 1", /were rejected/],
  ['stock taken for nobody', 'UPDATE stock SET available = available - 1 LIMIT 1', /^1 SKUs have stock/],
];

test.each(damages)('%s leaves the run without figures', async (_, damage, words) => {
  const { mysqlUrl } = arena.designs.get('async')!.own;
  const connection: Connection = await connect(mysqlUrl);
  try {
    await connection.query('START TRANSACTION');
    const [[row]] = (await connection.query('SELECT COUNT(*) AS n FROM orders')) as unknown as [
      [{ n: number }],
    ];
    await connection.query(damage);
    const accepted = row.n;
    const problem =
      (await rowsProblem(connection, { keyPrefix: '', accepted, linesEach })) ??
      (await stockProblem(connection));
    expect(problem).toMatch(words);
  } finally {
    await connection.query('ROLLBACK');
    await connection.end();
  }
});
