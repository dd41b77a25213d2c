/**
 * `npm run crash-matrix -- [--times 20] [--seed S] [--points a,b]`: real workers are killed at every crash point, at
 * random moments under load, three side by side. Afterwards nothing may be lost, doubled or unlike its first copy.
 */
import { parseArgs } from 'node:util';
import { type FailpointName, failpointNames } from '../../services/shared/failpoint/index.ts';
import type { Arena } from '../support/arena/arena.ts';
import { type Audit, audit } from '../support/arena/audit.ts';
import { killAt } from '../support/arena/crash.ts';
import { type EventWatch, watchEvents } from '../support/arena/event-watch.ts';
import { createRandom } from '../support/arena/hostile-corpus.ts';
import { readLanes } from '../support/arena/lanes.ts';
import { openChaosArena, plentySkus, scarceSku } from './chaos-arena.ts';

const ordersPerSecond = 150;
const sideBySide = 3;

interface Row {
  kills: number;
  republished: number;
}

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    points: { type: 'string', default: failpointNames.join(',') },
  },
});
const points = values.points.split(',') as FailpointName[];
const unknown = points.filter((point) => !failpointNames.includes(point));
if (unknown.length > 0) throw new Error(`no crash point is called ${unknown.join(', ')}`);
process.exitCode = (await runMatrix(points, Number(values.times), Number(values.seed))) ? 0 : 1;

async function runMatrix(names: readonly FailpointName[], times: number, seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const { arena, producer, close } = await openChaosArena();
  const random = createRandom(seed);
  const rows = new Map<string, Row>(names.map((point) => [point, { kills: 0, republished: 0 }]));
  let ok = false;
  try {
    const watch = await watchEvents(arena);
    const load = producer.start(ordersPerSecond, [...plentySkus, scarceSku]);
    for (let time = 1; time <= times; time++) {
      for (const group of inGroups(shuffled(names, random)))
        await killRound(arena, watch, group, random, rows);
      process.stderr.write(`time ${time} of ${times}: ${producer.history.length} commands acknowledged\n`);
    }
    const survivor = await arena.startWorker({ INSTANCE_ID: 'survivor' });
    await load.stop();
    await arena.quiesce();
    const { code } = await survivor.stop();
    await watch.stop();
    const result = await audit(arena, producer.history);
    ok = code === 0 && result.findings.length === 0;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    print(rows, result, `seed ${seed}, ${producer.history.length} commands, ${seconds} s`);
    return ok;
  } finally {
    await close(ok);
  }
}

/** Kills a group and books what had to be published again on the point at which the lane's owner before had died. */
async function killRound(
  arena: Arena,
  watch: EventWatch,
  group: readonly FailpointName[],
  random: () => number,
  rows: Map<string, Row>,
): Promise<void> {
  const owners = new Map((await readLanes(arena)).map(({ partition, owner }) => [partition, owner]));
  const before = watch.repeats();
  for (const point of await killAt(arena, group, random)) rows.get(point)!.kills += 1;
  for (const [partition, repeats] of watch.repeats()) {
    const row = rows.get(owners.get(partition)?.replace('victim-', '') ?? '');
    if (row !== undefined) row.republished += repeats - (before.get(partition) ?? 0);
  }
}

function print(
  rows: ReadonlyMap<string, Row>,
  { findings, lost, unlike, repeats, report }: Audit,
  footer: string,
) {
  const line = (cells: (string | number)[]) =>
    console.log(cells.map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](16)).join(''));
  line(['crash point', 'kills', 'republished']);
  for (const [point, { kills, republished }] of rows) line([point, kills, republished]);
  const doubled = report.results.find(({ check }) => check === 'decidedTwice')?.count ?? 0;
  const quarantined = report.outcomes['DEAD_LETTERED'] ?? 0;
  console.log(
    `lost ${lost}, doubled ${doubled}, repeats ${repeats} (unlike their first copy: ${unlike}), quarantined ${quarantined}`,
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
