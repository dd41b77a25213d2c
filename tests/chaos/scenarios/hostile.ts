/** Sends the hostile corpus many times, each time with as many good records. */
import { randomUUID } from 'node:crypto';
import { workerProcessEnv } from '../../../services/worker/process-env.ts';
import { hostileCorpus } from '../../support/arena/hostile-corpus.ts';
import { placeCommand } from '../../support/arena/load.ts';
import { type Standstill, standstillsOf } from '../../support/arena/processes/standstills.ts';
import { preloaded } from '../../support/preload/index.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const rounds = 6;
const blockedMsMax = 100;

/**
 * The event loop may stall because the machine gave its core to others. Only the time for which this process
 * kept the core busy without a pause counts. So the scenario compares the limit with the processor time of
 * the process in that period. Other threads use a part of this time, so it is capped at the length of the
 * period.
 */
export async function hostile({ arena, producer }: ChaosArena): Promise<Figures> {
  const worker = await arena.startWorker({
    ...preloaded(['loop-watch'], workerProcessEnv.NODE_OPTIONS),
    MALLOC_ARENA_MAX: workerProcessEnv.MALLOC_ARENA_MAX,
  });
  // Before it is ready the process loads and compiles its code; no record waits for that.
  const started = standstillsOf(worker).length;
  const longest = { good: [] as Standstill[], hostile: [] as Standstill[] };
  const standstillIn = async (sent: Promise<unknown>[]): Promise<Standstill> => {
    const seen = standstillsOf(worker).length;
    await Promise.all(sent);
    await arena.quiesce();
    return standstillsOf(worker)
      .slice(seen)
      .reduce((most, each) => (busyMs(each) > busyMs(most) ? each : most), { wallMs: 0, cpuMs: 0 });
  };
  for (let round = 0; round < rounds; round++) {
    const records = hostileCorpus(arena.codecs);
    longest.good.push(
      await standstillIn(records.map(() => producer.send(placeCommand(randomUUID(), [plentySkus[0]!])))),
    );
    longest.hostile.push(
      await standstillIn(
        records.map(({ partition, key, value, headers }) =>
          producer.sendRaw({ partition, key, value, headers }),
        ),
      ),
    );
  }
  const all = standstillsOf(worker).slice(started);
  await worker.stop();
  const problems = all
    .filter((each) => busyMs(each) > blockedMsMax)
    .map(({ cpuMs, wallMs }) => `the event loop was kept busy for ${cpuMs} ms (of ${wallMs} ms)`);
  const ofOthers = all.filter((each) => each.wallMs > blockedMsMax && busyMs(each) <= blockedMsMax);
  return { seen: { longest, keptWaitingByTheMachine: ofOthers.length }, problems };
}

function busyMs({ wallMs, cpuMs }: Standstill): number {
  return Math.min(wallMs, cpuMs);
}
