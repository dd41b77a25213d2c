/**
 * Scenarios with replaced logs and restored tables, like tests/identity, but under load and with larger logs.
 */

import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { commitLostWhileFrozen, databasePutBack } from '../../support/arena/scenarios/identity/database.ts';
import { commandsMadeAnew, outcomesCut } from '../../support/arena/scenarios/identity/topics.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const perSecond = 150;
const orders = 600;
const cutOutcomes = 30;
const scarce = { sku: 'SCARCE-4', stock: 4 };

export const identityScenarios: Record<string, (chaos: ChaosArena) => Promise<Figures>> = {
  'topic-made-anew': topicMadeAnew,
  'outcomes-cut': outcomesLost,
  'database-put-back': putBackUnderLoad,
  'commit-lost': commitLost,
  'two-installations': twoInstallations,
};

/**
 * R1: the positions belong to one log, and another log was filled beyond them. This happens once before the
 * worker starts, and once while it runs.
 */
async function topicMadeAnew({ arena, producer }: ChaosArena): Promise<Figures> {
  const first = await arena.startWorker({ INSTANCE_ID: 'first' });
  await load(producer, 300);
  await arena.quiesce();
  await first.stop();
  const start = () => arena.startWorker({ INSTANCE_ID: 'second' });
  const before = await commandsMadeAnew(arena, start, () => load(producer, orders));
  const beneath = await commandsMadeAnew(arena, before.worker, () => load(producer, orders));
  await before.worker.stop();
  return { seen: { orders: producer.history.length }, problems: [...before.problems, ...beneath.problems] };
}

/** R8: the outcome topic loses 30 acknowledged outcomes at the end of every partition. */
async function outcomesLost({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker();
  await load(producer, orders * 2);
  await arena.quiesce();
  const problems = await outcomesCut(arena, worker, cutOutcomes);
  await load(producer, orders);
  await arena.quiesce();
  await worker.stop();
  return { seen: { cut: cutOutcomes * 12 }, problems };
}

/** R2: the database is restored to its state of a few seconds ago. Scarce stock was sold meanwhile. */
async function putBackUnderLoad({ arena, producer }: ChaosArena): Promise<Figures> {
  await arena.mysql.pool.write(
    `INSERT INTO products (sku,name,unit_price,currency,version,updated_at_ms) VALUES ('${scarce.sku}','Scarce',250,'EUR',1,0)`,
  );
  await arena.mysql.pool.write(
    `INSERT INTO stock (sku,initial,available) VALUES ('${scarce.sku}',${scarce.stock},${scarce.stock})`,
  );
  const worker = await arena.startWorker({ INSTANCE_ID: 'before' });
  const running = producer.start(perSecond, plentySkus);
  await decidedMore(arena, orders);
  await running.stop();
  await arena.quiesce();
  await worker.stop();
  return { seen: { sold: scarce.stock }, problems: await databasePutBack(arena, producer, scarce) };
}

/** R12: the COMMIT of a frozen worker is lost in a failover, and another worker decides the command again. */
async function commitLost({ arena, producer }: ChaosArena): Promise<Figures> {
  const problems = await commitLostWhileFrozen(arena, producer, plentySkus[0]!);
  return { seen: {}, problems };
}

/** R1b: a worker with another topic prefix on the same database, while the legitimate one works. */
async function twoInstallations({ arena, producer }: ChaosArena): Promise<Figures> {
  const rightful = await arena.startWorker({ INSTANCE_ID: 'rightful' });
  await ownedBy(arena, ['rightful']);
  const running = producer.start(perSecond, plentySkus);
  const other = await arena.startWorker({ KAFKA_TOPIC_PREFIX: `${arena.options.topicPrefix}b.` });
  const { code } = await other.exited;
  await decidedMore(arena, orders);
  await running.stop();
  await arena.quiesce();
  const problems = [
    ...(code === 1 ? [] : [`the other ended with ${code}`]),
    ...fencesLost(await rightful.metric('worker_fences_lost_total')),
  ];
  await stopAll([rightful]);
  return { seen: { refused: code === 1 ? 1 : 0 }, problems };
}

function fencesLost(count: number): string[] {
  return count === 0 ? [] : [`${count} fences were lost to the other installation`];
}

async function stopAll(workers: readonly WorkerProcess[]): Promise<void> {
  for (const worker of workers) await worker.stop();
}

async function load(producer: ChaosArena['producer'], count: number): Promise<void> {
  const sent = Array.from({ length: count }, (_, n) =>
    producer.send(placeCommand(newOrderOf(n % 12), [plentySkus[n % plentySkus.length]!])),
  );
  await until(() => Promise.all(sent).then(() => true), {
    what: 'every command being acknowledged',
    deadlineMs: 60_000,
  });
}
