/**
 * Topics are recreated or truncated while workers run. Each lane stops and reports it. It continues after an
 * operator runs the reported command.
 */
import { COMMANDS, EVENTS } from '../../../../../topics/index.ts';
import { until } from '../../../until.ts';
import type { Arena } from '../../arena.ts';
import { orderstream, typePage } from '../../processes/operator.ts';
import type { WorkerProcess } from '../../processes/worker-process.ts';
import { readLanes } from '../../reading/lane-positions.ts';
import { makeAnew, readTopic } from '../../topic-surgery.ts';

const lanes = 12;

/** Resolves once every lane of the worker is stopped for this reason. */
async function allStopped(worker: WorkerProcess, why: string): Promise<void> {
  await until(async () => (await worker.metric('worker_lanes_refused_total', `why="${why}"`)) >= lanes, {
    what: `every lane being stopped: ${why}`,
    deadlineMs: 40_000,
    everyMs: 200,
  });
}

/**
 * The command topic is deleted and recreated while the worker runs, or before it starts if `worker` is a
 * function. Then `fill` fills it beyond the positions. Then an operator adopts the topic. Resolves to the
 * faults.
 */
export async function commandsMadeAnew(
  arena: Arena,
  worker: WorkerProcess | (() => Promise<WorkerProcess>),
  fill: () => Promise<void>,
): Promise<{ worker: WorkerProcess; problems: string[] }> {
  const problems: string[] = [];
  const before = await readLanes(arena);
  await makeAnew(arena, COMMANDS);
  await fill();
  const running = typeof worker === 'function' ? await worker() : worker;
  await until(async () => /recreated|truncated/.test(await running.ask('/readyz')), {
    what: 'readiness reporting that the topic was recreated',
    deadlineMs: 40_000,
    everyMs: 200,
  });
  const status = await orderstream(arena, 'recover', 'status');
  if (status.code !== 1 || !status.stdout.includes('orderstream recover adopt --partition')) {
    problems.push(`recover status names no command to continue: ${status.stdout}${status.stderr}`);
  }
  await until(async () => (await orderstream(arena, 'lag')).stdout.includes('orderstream recover'), {
    what: 'lag naming the command to continue',
  });
  const after = await readLanes(arena);
  for (const { partition, nextOffset } of after) {
    if (nextOffset !== before[partition]?.nextOffset)
      problems.push(`lane ${partition} moved to ${nextOffset}`);
  }
  await typePage(arena, 'A recreated or truncated command topic');
  await arena.quiesce();
  return { worker: running, problems };
}

/**
 * The last `records` outcomes of each partition are truncated while the worker runs, and published again.
 * Resolves to the faults.
 */
export async function outcomesCut(arena: Arena, worker: WorkerProcess, records: number): Promise<string[]> {
  const problems: string[] = [];
  const before = await readTopic(arena, EVENTS);
  await makeAnew(arena, EVENTS, (count) => Math.max(0, count - records));
  await allStopped(worker, 'eventsMadeAnew');
  const printed = await typePage(arena, 'Lost outcomes');
  if (!printed.includes('dry run: nothing was published')) problems.push(`no dry run: ${printed}`);
  const after = await readTopic(arena, EVENTS);
  for (const [partition, outcomes] of before) {
    const now = after.get(partition) ?? [];
    for (const [index, outcome] of outcomes.entries()) {
      if (!isSame(outcome, now[index]))
        problems.push(`${partition}-${outcome.offset} differs after it was published again`);
    }
  }
  await until(async () => (await worker.ask('/readyz')).includes('"ready"'), {
    what: 'the lanes continuing by themselves',
    deadlineMs: 40_000,
    everyMs: 200,
  });
  return problems;
}

type Outcome = NonNullable<ReturnType<Awaited<ReturnType<typeof readTopic>>['get']>>[number];

function isSame(a: Outcome, b: Outcome | undefined): boolean {
  return (
    b !== undefined &&
    a.timestampMs === b.timestampMs &&
    Buffer.compare(a.value ?? Buffer.alloc(0), b.value ?? Buffer.alloc(0)) === 0 &&
    Buffer.compare(a.key ?? Buffer.alloc(0), b.key ?? Buffer.alloc(0)) === 0 &&
    JSON.stringify(a.headers) === JSON.stringify(b.headers)
  );
}
