import type { FailpointName } from '../../../../services/shared/failpoint/index.ts';
import { sleep } from '../../../../services/shared/retry/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import type { WorkerProcess } from '../processes/worker-process.ts';
import { decidedMore, frozen, ownedBy } from '../reading/lane-positions.ts';

/** Number of batches that a victim processes before it freezes. */
const freezeAtHit = 10;

/**
 * Freezes one worker at each point, all at once under the running load. Lets another worker take all lanes,
 * keeps them frozen for at least `frozenMs`, and resumes them. Resolves when they have stopped in order and
 * their successor has all lanes again. The fence may stop a resumed worker, or the worker may detect earlier
 * that it lost its lane. The audit afterwards shows that no resumed worker wrote a row.
 */
export async function freezeAndReplace(
  arena: Arena,
  points: readonly FailpointName[],
  { frozenMs = 0 }: { frozenMs?: number } = {},
): Promise<{ successor: WorkerProcess; fencesLost: number; repeats: number }> {
  const zombies = await Promise.all(
    points.map((point) =>
      arena.startWorker({
        INSTANCE_ID: `zombie-${point}`,
        FAILPOINTS: `${point}=freeze@${freezeAtHit}`,
      }),
    ),
  );
  await Promise.all(zombies.map(frozen));
  const frozenSinceMs = performance.now();
  const successor = await arena.startWorker({ INSTANCE_ID: 'successor' });
  await ownedBy(arena, ['successor']);
  await decidedMore(arena, 50);
  const repeatsBefore = countRepeats(await arena.readEvents());
  await sleep(Math.max(0, frozenMs - (performance.now() - frozenSinceMs)));
  for (const zombie of zombies) zombie.signal('SIGCONT');
  await until(
    () =>
      zombies.every(
        ({ log }) => log.filter(({ msg }) => msg === 'the group assigned lanes to the worker').length > 1,
      ),
    {
      what: 'the resumed workers joining their group again',
      deadlineMs: 40_000,
    },
  );
  await decidedMore(arena, 50);
  let fencesLost = 0;
  for (const zombie of zombies) fencesLost += await zombie.metric('worker_fences_lost_total');
  const repeats = countRepeats(await arena.readEvents()) - repeatsBefore;
  const exits = await Promise.all(zombies.map((zombie) => zombie.stop()));
  if (exits.some(({ code }) => code !== 0)) throw new Error(`zombies ended with ${JSON.stringify(exits)}`);
  await ownedBy(arena, ['successor']);
  return { successor, fencesLost, repeats };
}

function countRepeats(events: ReadonlyMap<string, Buffer[]>): number {
  let repeats = 0;
  for (const copies of events.values()) repeats += copies.length - 1;
  return repeats;
}
