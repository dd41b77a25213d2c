/**
 * Faults that reconciliation and the projector must survive. They are more differences than are listed, a
 * snapshot that is recreated under load, and a stalled lane. Each restores the data, so the audit and
 * `orderstream verify` find nothing.
 */
import { STATE } from '../../../topics/index.ts';
import { spawnService } from '../../support/arena/processes/worker-process.ts';
import { decidedMore } from '../../support/arena/reading/lane-positions.ts';
import { projectorCaughtUp } from '../../support/arena/reading/waits.ts';
import { oneLaneStuck } from '../../support/arena/scenarios/stuck-lane.ts';
import { startWatched } from '../../support/arena/scenarios/watched.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { kafkaClient } from '../../support/servers/leftovers.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const perSecond = 150;
const wrongOrders = 6_000;
const listedMax = 5_000;

/**
 * Stock differs while 6,000 orders differ. Reconciliation finds it, closes no finding before the repair, and
 * closes all after it.
 */
export async function findingsBound({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker();
  const watched = await startWatched(arena);
  const load = producer.start(4 * perSecond, plentySkus);
  await decidedMore(arena, wrongOrders + perSecond);
  await load.stop();
  await arena.quiesce();
  const { pool } = arena.mysql;
  const [last] = await pool.rows<{ upTo: number }>(
    'SELECT MAX(order_key) AS upTo FROM (SELECT order_key FROM orders ORDER BY order_key LIMIT ?) AS first_ones',
    [wrongOrders],
  );
  const shift = (by: number): Promise<unknown> =>
    pool.write('UPDATE orders SET tax = tax + ? WHERE order_key <= ?', [by, last!.upTo]);
  await shift(1);
  await until(async () => (await watched.open()).length > listedMax, {
    what: 'the findings',
    deadlineMs: 180_000,
  });
  await pool.write('UPDATE stock SET available = available + 1 WHERE sku = ?', [plentySkus[0]!]);
  await until(async () => (await watched.open()).includes(`STOCK_DIFFERS ${plentySkus[0]}`), {
    what: 'the difference of stock',
    deadlineMs: 120_000,
  });
  const open = await watched.open();
  const money = open.filter((name) => name.startsWith('MONEY_DIFFERS')).length;
  const problems = money === listedMax ? [] : [`${money} orders are listed`];
  if (!open.includes('FINDINGS_UNLISTED MONEY_DIFFERS')) problems.push('the limit is not reported');
  await pool.write('UPDATE stock SET available = available - 1 WHERE sku = ?', [plentySkus[0]!]);
  await shift(-1);
  problems.push(...(await watched.opened([], 180_000)));
  await watched.service.stop();
  const { code } = await worker.stop();
  return { seen: { money }, problems: code === 0 ? problems : [...problems, `exit code ${code}`] };
}

/**
 * The snapshot is recreated as docs/operating.md describes, while orders arrive and reconciliation follows
 * it.
 */
export async function snapshotAnew({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker();
  const watched = await startWatched(arena);
  const start = () => spawnService('projector', { ...arena.env, INSTANCE_ID: 'the-projector' });
  let projector = await start();
  const load = producer.start(perSecond, plentySkus);
  await decidedMore(arena, 10 * perSecond);
  await projector.stop();
  const admin = kafkaClient(arena.options.kafkaBrokers).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [arena.options.topicPrefix + STATE] });
  await admin.disconnect();
  await until(
    async () => (await orderstream({ name: 'chaos', env: arena.env }, ['topics', 'apply'])).code === 0,
    { what: 'orderstream topics apply', deadlineMs: 60_000, everyMs: 1_000 },
  );
  projector = await start();
  await decidedMore(arena, 10 * perSecond);
  await load.stop();
  await arena.quiesce();
  await projectorCaughtUp(arena, 120_000);
  const problems = await watched.opened([]);
  const renewals = await watched.service.metric('reconciliation_renewals_total');
  if (renewals === 0) problems.push('reconciliation has not noticed');
  if (!watched.service.running) problems.push('reconciliation has ended');
  await watched.service.stop();
  const exits = [await projector.stop(), await worker.stop()];
  if (exits.some(({ code }) => code !== 0)) problems.push(JSON.stringify(exits));
  return { seen: { renewals }, problems };
}

export async function stuckLane({ arena, producer }: ChaosArena): Promise<Figures> {
  return { seen: {}, problems: await oneLaneStuck({ arena, producer, skus: plentySkus }, perSecond) };
}
