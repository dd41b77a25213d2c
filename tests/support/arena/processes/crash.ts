/**
 * Makes several workers die or fail at the same time. Each worker owns some of the lanes and has its own
 * crash point.
 */
import type { FailpointName } from '../../../../services/shared/failpoint/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import { decidedMore, readLanes } from '../reading/lane-positions.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * The actions at a point, in failpoint syntax. A blocked event loop stays blocked for longer than a worker's
 * session in an arena.
 */
const actions = {
  kill: 'kill',
  throw: 'throw',
  delay: 'delay:700',
  freeze: 'freeze',
  block: 'block:3000',
} as const;
export type PointAction = keyof typeof actions;
export const pointActions = Object.keys(actions) as PointAction[];

const actDeadlineMs = 45_000;
/**
 * A worker passes the point up to this many times before it acts. So deaths occur at random moments of the
 * load.
 */
const hitsMax = 12;
/** Commands decided while the victims are frozen, before they are resumed. */
const decidedBeside = 30;

interface Victim {
  readonly point: FailpointName;
  readonly worker: WorkerProcess;
}

/**
 * Starts one worker per point and resolves with the points that killed their worker. Throws if a worker did
 * not die.
 */
export async function killAt(
  arena: Arena,
  points: readonly FailpointName[],
  random: () => number = Math.random,
): Promise<FailpointName[]> {
  const victims = await startVictims(arena, 'kill', points, random);
  try {
    await until(() => victims.every(({ worker }) => !worker.running), {
      what: `workers dying at ${points.join(', ')}`,
      deadlineMs: actDeadlineMs,
    });
  } finally {
    await Promise.all(victims.map(({ worker }) => worker.kill()));
  }
  await checkEnds(victims, ({ signal }) => signal === 'SIGKILL');
  return points.slice();
}

/**
 * Starts one worker per point beside at least one healthy worker. Resolves with the points that acted. All
 * these workers have ended by then. They stopped in order unless they had to throw.
 */
export async function actAt(
  arena: Arena,
  action: Exclude<PointAction, 'kill'>,
  points: readonly FailpointName[],
  random: () => number = Math.random,
): Promise<FailpointName[]> {
  const victims = await startVictims(arena, action, points, random);
  try {
    for (const { point, worker } of victims) {
      const line = `failpoint ${point}: ${action} at hit`;
      await worker.logged(({ msg }) => msg.includes(line), `a ${action} at ${point}`, actDeadlineMs);
    }
    if (action === 'freeze') await thaw(arena, victims);
    await decidedMore(arena, decidedBeside);
    await Promise.all(victims.map(({ worker }) => worker.stop()));
  } finally {
    await Promise.all(victims.map(({ worker }) => worker.kill()));
  }
  // An error that no code may catch ends the process, like a bug.
  await checkEnds(victims, ({ code }) => code === 0 || (action === 'throw' && code === 1));
  return points.slice();
}

function startVictims(
  arena: Arena,
  action: PointAction,
  points: readonly FailpointName[],
  random: () => number,
): Promise<Victim[]> {
  return Promise.all(
    points.map(async (point) => {
      const hit = 1 + Math.floor(random() * hitsMax);
      const FAILPOINTS = `${point}=${actions[action]}@${hit}`;
      const worker = await arena.startWorker({ FAILPOINTS, INSTANCE_ID: `victim-${point}` });
      return { point, worker };
    }),
  );
}

/** Resumes frozen workers once others have taken all their lanes. */
async function thaw(arena: Arena, victims: readonly Victim[]): Promise<void> {
  const names = victims.map(({ point }) => `victim-${point}`);
  await until(async () => (await readLanes(arena)).every(({ owner }) => !names.includes(owner)), {
    what: 'the lanes of frozen workers being taken over',
    deadlineMs: actDeadlineMs,
    everyMs: 100,
  });
  for (const { worker } of victims) worker.signal('SIGCONT');
}

async function checkEnds(
  victims: readonly Victim[],
  isRight: (end: Awaited<WorkerProcess['exited']>) => boolean,
): Promise<void> {
  const ends = await Promise.all(
    victims.map(async ({ point, worker }) => ({ point, worker, end: await worker.exited })),
  );
  const astray = ends.filter(({ end }) => !isRight(end));
  if (astray.length === 0) return;
  const words = astray.map(
    ({ point, worker, end }) => `${point}: ${JSON.stringify(end)}, ${JSON.stringify(worker.log.at(-1))}`,
  );
  throw new Error(`workers ended unexpectedly: ${words.join('; ')}`);
}
