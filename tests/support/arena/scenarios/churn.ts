import { sleep } from '../../../../services/shared/retry/index.ts';
import type { Arena } from '../arena.ts';
import type { Exit } from '../processes/worker-process.ts';
import { ownedBy } from '../reading/lane-positions.ts';

const joinEveryMs = 2_000;
const sampleEveryMs = 250;

/**
 * Two workers remain while others join and leave (SIGTERM) in turn, one every 2 s. Resolves with their exits
 * and the fewest commands decided in any window. `whenOver` ends the load. Then the backlog is processed, and
 * the two workers are stopped.
 */
export async function churn(
  arena: Arena,
  { seconds, windowMs, whenOver }: { seconds: number; windowMs: number; whenOver: () => Promise<void> },
): Promise<{ exits: Exit[]; slowestWindow: number }> {
  const staying = await Promise.all([
    arena.startWorker({ INSTANCE_ID: 'stays-1' }),
    arena.startWorker({ INSTANCE_ID: 'stays-2' }),
  ]);
  await ownedBy(arena, ['stays-1', 'stays-2']);
  const samples: { atMs: number; decided: number }[] = [];
  const endsAtMs = performance.now() + seconds * 1_000;
  const sampling = (async () => {
    while (performance.now() < endsAtMs) {
      const { decided } = await arena.progress();
      samples.push({ atMs: performance.now(), decided });
      await sleep(sampleEveryMs);
    }
  })();
  const exits: Exit[] = [];
  while (performance.now() < endsAtMs) {
    const guest = await arena.startWorker({ INSTANCE_ID: `guest-${exits.length}` });
    await sleep(joinEveryMs);
    exits.push(await guest.stop());
  }
  await sampling;
  await whenOver();
  await arena.quiesce();
  for (const worker of staying) exits.push(await worker.stop());
  return { exits, slowestWindow: slowest(samples, windowMs) };
}

/** The fewest commands decided between two samples that are one window apart. */
function slowest(samples: readonly { atMs: number; decided: number }[], windowMs: number): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const from of samples) {
    const to = samples.find(({ atMs }) => atMs >= from.atMs + windowMs);
    if (to !== undefined) fewest = Math.min(fewest, to.decided - from.decided);
  }
  return fewest;
}
