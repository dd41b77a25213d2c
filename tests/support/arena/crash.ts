/** Kills workers at named points, several side by side: each owns some of the lanes and dies at a point of its own. */
import type { FailpointName } from '../../../services/shared/failpoint/index.ts';
import { until } from '../until.ts';
import type { Arena } from './arena.ts';

const deathDeadlineMs = 45_000;
/** The point is hit between the first and this many times before it acts, so that deaths fall at random moments of the load. */
const hitsMax = 12;

/** Starts one worker per point and resolves with the points that killed theirs. Throws when one did not die. */
export async function killAt(
  arena: Arena,
  points: readonly FailpointName[],
  random: () => number = Math.random,
): Promise<FailpointName[]> {
  const victims = await Promise.all(
    points.map(async (point) => {
      const hit = 1 + Math.floor(random() * hitsMax);
      const worker = await arena.startWorker({
        FAILPOINTS: `${point}=kill@${hit}`,
        INSTANCE_ID: `victim-${point}`,
      });
      return { point, worker };
    }),
  );
  try {
    await until(() => victims.every(({ worker }) => !worker.running), {
      what: `workers dying at ${points.join(', ')}`,
      deadlineMs: deathDeadlineMs,
    });
  } finally {
    await Promise.all(victims.map(({ worker }) => worker.kill()));
  }
  const ends = await Promise.all(
    victims.map(async ({ point, worker }) => ({ point, ...(await worker.exited) })),
  );
  const astray = victims.filter((_, index) => ends[index]!.signal !== 'SIGKILL');
  if (astray.length > 0) {
    const words = astray.map(({ point, worker }) => `${point}: ${JSON.stringify(worker.log.at(-1))}`);
    throw new Error(`workers ended otherwise than by their failpoint: ${words.join('; ')}`);
  }
  return ends.map(({ point }) => point);
}
