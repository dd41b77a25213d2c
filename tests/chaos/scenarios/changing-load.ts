/**
 * A load that changes all the time, from very little to more than the workers can decide. It includes some
 * poison records.
 */
import { sleep } from '../../../services/shared/retry/index.ts';
import { hostileCorpus } from '../../support/arena/hostile-corpus.ts';
import { type ChaosArena, plentySkus, scarceSku } from '../chaos-arena.ts';

const skus = [...plentySkus, scarceSku];
/** Orders a second of each phase. Two cores cannot decide the last one, so the lag limits it. */
const rates = [20, 100, 250, 500, 4_000];
const stretchMs = { least: 10_000, most: 45_000 };
/** Undecided commands at which sending pauses until half of them are decided. */
const lagMax = 8_000;
const lookEveryMs = 100;
const poisonEveryMs = 3_000;

/** Runs until `stop`, which waits for sends in flight. */
export function startChangingLoad({ arena, producer }: ChaosArena, random: () => number) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const corpus = hostileCorpus(arena.codecs);
  let hostile = 0;

  const stretches = async (): Promise<void> => {
    while (!signal.aborted) {
      const rate = rates[Math.floor(random() * rates.length)]!;
      const endsAtMs = performance.now() + stretchMs.least + random() * (stretchMs.most - stretchMs.least);
      while (!signal.aborted && performance.now() < endsAtMs) {
        const load = producer.start(rate, skus);
        await untilLag((lag) => lag > lagMax, endsAtMs);
        await load.stop();
        await untilLag((lag) => lag < lagMax / 2, endsAtMs);
      }
    }
  };
  const untilLag = async (fits: (lag: number) => boolean, endsAtMs: number): Promise<void> => {
    while (!signal.aborted && performance.now() < endsAtMs) {
      const progress = await arena.progress().catch(() => null);
      // If the server is busy, the query is repeated.
      if (progress !== null && fits(progress.produced - progress.decided)) return;
      await sleep(lookEveryMs, signal).catch(() => undefined);
    }
  };
  const poison = async (): Promise<void> => {
    while (!signal.aborted) {
      const { partition, key, value, headers } = corpus[Math.floor(random() * corpus.length)]!;
      // A send may get no acknowledgement. Then there is one order less.
      await producer.sendRaw({ partition, key, value, headers }).then(
        () => hostile++,
        () => undefined,
      );
      await sleep(poisonEveryMs, signal).catch(() => undefined);
    }
  };
  const done = Promise.all([stretches(), poison()]);
  return {
    hostile: () => hostile,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
