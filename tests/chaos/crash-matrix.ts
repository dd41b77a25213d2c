/**
 * `npm run crash-matrix -- [--times 20] [--minutes M] [--seed S] [--points a,b] [--actions
 * kill,throw,delay,freeze,block]`: kills real workers at every crash point, at random moments under load,
 * three at a time. Once at each point a worker also throws, waits, freezes and blocks. Afterwards no outcome
 * may be lost, doubled or different from its first copy. Every point must have been reached.
 */
import { parseArgs } from 'node:util';
import { type FailpointName, failpointNames } from '../../services/shared/failpoint/index.ts';
import { goOnWithoutOutput } from '../../services/shared/lifecycle/lost-output.ts';
import type { Arena } from '../support/arena/arena.ts';
import { createRandom } from '../support/arena/hostile-corpus.ts';
import { actAt, killAt, type PointAction, pointActions } from '../support/arena/processes/crash.ts';
import { type Audit, audit } from '../support/arena/reading/audit.ts';
import { type EventWatch, watchEvents } from '../support/arena/reading/event-watch.ts';
import { readLanes } from '../support/arena/reading/lane-positions.ts';
import { openChaosArena, plentySkus, scarceSku } from './chaos-arena.ts';

goOnWithoutOutput();

const ordersPerSecond = 150;
const sideBySide = 3;

/**
 * The counts of one point: how often each action occurred, and how many outcomes had to be published again.
 */
interface Row {
  readonly seen: Record<PointAction, number>;
  republished: number;
}
type Rows = ReadonlyMap<FailpointName, Row>;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    points: { type: 'string', default: failpointNames.join(',') },
    actions: { type: 'string', default: pointActions.join(',') },
  },
});
const points = listed('crash point', values.points, failpointNames);
const actions = listed('action', values.actions, pointActions);
process.exitCode = (await runMatrix(Number(values.times), Number(values.minutes), Number(values.seed)))
  ? 0
  : 1;

function listed<T extends string>(what: string, text: string, known: readonly T[]): T[] {
  const names = text.split(',') as T[];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no ${what} is called ${unknown.join(', ')}`);
  return names;
}

/**
 * Kills as often as requested, or until the minutes are over. A busy machine takes longer, but its results
 * count too.
 */
async function runMatrix(times: number, minutes: number, seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const isOver = () => performance.now() - startedMs > minutes * 60_000;
  const { arena, producer, close } = await openChaosArena();
  const random = createRandom(seed);
  const rows: Rows = new Map(
    points.map((point) => [
      point,
      { seen: { kill: 0, throw: 0, delay: 0, freeze: 0, block: 0 }, republished: 0 },
    ]),
  );
  let ok = false;
  try {
    const watch = await watchEvents(arena);
    const load = producer.start(ordersPerSecond, [...plentySkus, scarceSku]);
    for (let time = 1; actions.includes('kill') && time <= times && !isOver(); time++) {
      for (const group of inGroups(shuffled(points, random)))
        await killRound(arena, watch, group, random, rows);
      process.stderr.write(`time ${time} of ${times}: ${producer.history.length} commands acknowledged\n`);
    }
    const survivor = await arena.startWorker({ INSTANCE_ID: 'survivor' });
    for (const action of actions) {
      if (action === 'kill') continue;
      for (const group of inGroups(shuffled(points, random))) {
        for (const point of await actAt(arena, action, group, random)) rows.get(point)!.seen[action] += 1;
      }
      process.stderr.write(`${action} at each point: ${producer.history.length} commands acknowledged\n`);
    }
    await load.stop();
    await arena.quiesce();
    const { code } = await survivor.stop();
    await watch.stop();
    const result = await audit(arena, producer.history);
    const findings = [...result.findings, ...unreached(rows)];
    ok = code === 0 && findings.length === 0;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    print(rows, { ...result, findings }, `seed ${seed}, ${producer.history.length} commands, ${seconds} s`);
    return ok;
  } finally {
    await close(ok);
  }
}

/**
 * Kills a group, and attributes republished outcomes to the point at which the lane's previous owner died.
 */
async function killRound(
  arena: Arena,
  watch: EventWatch,
  group: readonly FailpointName[],
  random: () => number,
  rows: Rows,
): Promise<void> {
  const owners = new Map((await readLanes(arena)).map(({ partition, owner }) => [partition, owner]));
  const before = watch.repeats();
  for (const point of await killAt(arena, group, random)) rows.get(point)!.seen.kill += 1;
  for (const [partition, repeats] of watch.repeats()) {
    const point = owners.get(partition)?.replace('victim-', '') as FailpointName | undefined;
    const row = point === undefined ? undefined : rows.get(point);
    if (row !== undefined) row.republished += repeats - (before.get(partition) ?? 0);
  }
}

/** A point that is never reached proves nothing. */
function unreached(rows: Rows): string[] {
  return [...rows].flatMap(([point, { seen }]) =>
    actions.filter((action) => seen[action] === 0).map((action) => `no worker reached ${action} at ${point}`),
  );
}

function print(rows: Rows, { findings, lost, unlike, repeats, report }: Audit, footer: string) {
  const line = (cells: (string | number)[]) =>
    console.log(cells.map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](16)).join(''));
  line(['crash point', ...actions, 'republished']);
  for (const [point, { seen, republished }] of rows) {
    line([point, ...actions.map((action) => seen[action]), republished]);
  }
  const doubled = report.results.find(({ check }) => check === 'decidedTwice')?.count ?? 0;
  const quarantined = report.outcomes['DEAD_LETTERED'] ?? 0;
  console.log(
    `lost ${lost}, doubled ${doubled}, repeats ${repeats} (different from their first copy: ${unlike}), quarantined ${quarantined}`,
  );
  console.log(`outcomes ${JSON.stringify(report.outcomes)}`);
  for (const finding of findings) console.log(`FOUND ${finding}`);
  console.log(`${findings.length === 0 ? 'holds' : 'DOES NOT HOLD'}: ${footer}`);
}

function inGroups<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / sideBySide) }, (_, index) =>
    items.slice(index * sideBySide, (index + 1) * sideBySide),
  );
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
