/**
 * The scenarios of `npm run chaos`; each runs in an arena and returns its figures. The audit follows each
 * scenario.
 */
import { randomUUID } from 'node:crypto';
import { sleep } from '../../services/shared/retry/index.ts';
import { stackStatus, stackUp } from '../../stack/index.ts';
import { partitionOfOrder } from '../../topics/index.ts';
import { createRandom } from '../support/arena/hostile-corpus.ts';
import { cancelCommand, placeCommand } from '../support/arena/load.ts';
import { decidedMore, ownedBy } from '../support/arena/reading/lane-positions.ts';
import { churn } from '../support/arena/scenarios/churn.ts';
import { replayFromStart } from '../support/arena/scenarios/replay.ts';
import { freezeAndReplace } from '../support/arena/scenarios/zombie.ts';
import { until } from '../support/until.ts';
import { type ChaosArena, plentySkus, scarceSku } from './chaos-arena.ts';
import type { Figures, ScenarioOptions } from './figures.ts';
import { brokerKilled, ingestionEnded } from './scenarios/api-scenarios.ts';
import { falseAlarms } from './scenarios/false-alarms.ts';
import { hostile } from './scenarios/hostile.ts';
import { identityScenarios } from './scenarios/identity.ts';
import { manyLives } from './scenarios/lives.ts';
import { lostAnswers } from './scenarios/lost-answers.ts';
import { findingsBound, snapshotAnew, stuckLane } from './scenarios/reconciled-logs.ts';
import { schedulerFrozen } from './scenarios/scheduler-frozen.ts';
import { twoSchemas } from './scenarios/two-schemas.ts';
import { twoVersions } from './scenarios/two-versions.ts';
import { waysBack } from './scenarios/ways-back.ts';

const perSecond = 150;
const skus = [...plentySkus, scarceSku];
const frozenMs = 20_000;
const databaseKills = 5;
/**
 * The allowed time after the database's return. It has a fixed part, and a part for the backlog of each
 * second of the outage.
 */
const recoveryMsMax = 5_000 + frozenMs / 2;

export const scenarios: Record<string, (chaos: ChaosArena, options: ScenarioOptions) => Promise<Figures>> = {
  zombie,
  churn: comingAndGoing,
  replay,
  blocked,
  hostile,
  fuzz,
  'two-versions': twoVersions,
  'two-schemas': twoSchemas,
  'lost-answers': lostAnswers,
  'ways-back': waysBack,
  'broker-killed': brokerKilled,
  'ingestion-killed': (chaos) => ingestionEnded(chaos, 'SIGKILL'),
  'ingestion-stopped': (chaos) => ingestionEnded(chaos, 'SIGTERM'),
  reconcile: falseAlarms,
  lives: manyLives,
  'scheduler-frozen': schedulerFrozen,
  ...identityScenarios,
  'findings-bound': findingsBound,
  'snapshot-anew': snapshotAnew,
  'stuck-lane': stuckLane,
  'database-frozen': (chaos) =>
    databaseAway(chaos, async (pid) => {
      process.kill(pid, 'SIGSTOP');
      await sleep(frozenMs);
      process.kill(pid, 'SIGCONT');
    }),
  'database-killed': (chaos) =>
    databaseAway(
      chaos,
      async (pid) => {
        process.kill(pid, 'SIGKILL');
        await until(async () => (await databasePid(chaos)) === null, { what: 'the database being gone' });
        await stackUp({ name: chaos.stack.instance.name });
      },
      databaseKills,
    ),
};

async function zombie({ arena, producer }: ChaosArena): Promise<Figures> {
  const load = producer.start(perSecond, skus);
  const points = ['decoded', 'written', 'commitAcked'] as const;
  const { successor, fencesLost, repeats } = await freezeAndReplace(arena, points, { frozenMs });
  await load.stop();
  await arena.quiesce();
  await successor.stop();
  return { seen: { fencesLost, repeats }, problems: [] };
}

async function comingAndGoing({ arena, producer }: ChaosArena): Promise<Figures> {
  const load = producer.start(perSecond, skus);
  const { exits, slowestWindow } = await churn(arena, {
    seconds: 60,
    windowMs: 10_000,
    whenOver: () => load.stop(),
  });
  const problems = slowestWindow > 0 ? [] : ['nothing was decided for 10 s'];
  if (exits.some(({ code }) => code !== 0)) problems.push(`workers ended with ${JSON.stringify(exits)}`);
  return { seen: { joined: exits.length, slowestWindow }, problems };
}

async function replay({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker();
  const load = producer.start(perSecond * 4, skus);
  await sleep(20_000);
  await load.stop();
  await arena.quiesce();
  await worker.stop();
  const { before, after, eventsBefore, eventsAfter } = await replayFromStart(arena);
  const problems = JSON.stringify(before) === JSON.stringify(after) ? [] : ['a table has changed'];
  if (eventsAfter.size !== eventsBefore.size) problems.push('there are new event ids');
  return { seen: { events: eventsBefore.size }, problems };
}

/** A worker whose event loop is blocked for longer than its session. */
async function blocked({ arena, producer }: ChaosArena): Promise<Figures> {
  const load = producer.start(perSecond, skus);
  const worker = await arena.startWorker({ FAILPOINTS: 'fenced=block:8000@30', INSTANCE_ID: 'blocked' });
  const successor = await arena.startWorker({ INSTANCE_ID: 'successor' });
  await ownedBy(arena, ['successor'], 60_000);
  await ownedBy(arena, ['successor', 'blocked'], 60_000);
  await decidedMore(arena, 500);
  await load.stop();
  await arena.quiesce();
  const exits = [await worker.stop(), await successor.stop()];
  return { seen: {}, problems: exits.every(({ code }) => code === 0) ? [] : [JSON.stringify(exits)] };
}

/** Valid commands with a few changed bytes: each gets an outcome and no lane stops. */
async function fuzz({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker();
  const random = createRandom(20_260_102);
  const count = 10_000;
  const sent: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const orderId = randomUUID();
    const command = n % 4 === 3 ? cancelCommand(orderId) : placeCommand(orderId, [skus[n % skus.length]!]);
    const value = arena.codecs.commands.encode(command);
    for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
      value[5 + Math.floor(random() * (value.length - 5))] = Math.floor(random() * 256);
    }
    const partition = partitionOfOrder(orderId);
    sent.push(producer.sendRaw({ partition, key: Buffer.from(orderId), value, headers: {} }));
  }
  await Promise.all(sent);
  await arena.quiesce();
  const stopped = worker.log.filter(({ to }) => to === 'stopped').map(({ msg }) => msg);
  const { code } = await worker.stop();
  return { seen: { count }, problems: code === 0 ? stopped : [`exit code ${code}`, ...stopped] };
}

async function databasePid({ stack }: ChaosArena): Promise<number | null> {
  const status = await stackStatus(stack.instance.name);
  return status.find(({ server }) => server === 'mysql')!.pids[0]!;
}

async function databaseAway(
  chaos: ChaosArena,
  hurt: (pid: number) => Promise<void>,
  times = 1,
): Promise<Figures> {
  const { arena, producer } = chaos;
  const workers = await Promise.all([arena.startWorker(), arena.startWorker()]);
  const load = producer.start(perSecond, skus);
  let recoveryMs = 0;
  for (let time = 0; time < times; time++) {
    await decidedMore(arena, 500);
    await hurt((await databasePid(chaos))!);
    const backAtMs = performance.now();
    await until(
      async () => {
        const { produced, decided } = await arena.progress();
        return produced - decided < perSecond;
      },
      { what: 'the lag falling below a second of load', deadlineMs: 60_000, everyMs: 100 },
    );
    recoveryMs = Math.max(recoveryMs, Math.round(performance.now() - backAtMs));
  }
  await load.stop();
  await arena.quiesce();
  const exits = [await workers[0].stop(), await workers[1].stop()];
  const problems = exits.every(({ code }) => code === 0) ? [] : [JSON.stringify(exits)];
  if (recoveryMs > recoveryMsMax) problems.push(`it took ${recoveryMs} ms to catch up`);
  const [row] = await arena.mysql.pool.rows<{ n: number }>('SELECT COUNT(*) AS n FROM dead_letters');
  if (row!.n > 0) problems.push(`${row!.n} dead letters`);
  return { seen: { recoveryMs }, problems };
}
