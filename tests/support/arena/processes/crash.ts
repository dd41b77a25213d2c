/** Makes workers die or misbehave at named points, several side by side: each owns some of the lanes and has a point of its own. */
import type { FailpointName } from '../../../../services/shared/failpoint/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import { decidedMore, readLanes } from '../reading/lane-positions.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What is done at a point, and how the failpoint is told. A block outlasts the session of a worker in an arena. */
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
/** The point is hit between the first and this many times before it acts, so that deaths fall at random moments of the load. */
const hitsMax = 12;
/** What is decided behind the victims' backs before they are sent home. */
const decidedBeside = 30;

interface Victim {
  readonly point: FailpointName;
  readonly worker: WorkerProcess;
}

/** Starts one worker per point and resolves with the points that killed theirs. Throws when one did not die. */
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
 * Starts one worker per point beside at least one that stays well, and resolves with the points at which theirs has
 * acted; all of them have ended by then, in good order unless they were told to throw.
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
  // What is thrown where nobody may catch it ends the process, as a bug would.
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

/** Wakes the frozen once others have taken all that they had. */
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
  throw new Error(`workers ended otherwise than they should: ${words.join('; ')}`);
}
