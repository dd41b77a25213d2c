/** Counts the transactions that a running subject reports between `begin` and `end`. */
import { build } from 'hdr-histogram-js';
import { ownCpuUs, processCpuUs } from './cpu.ts';
import type { Sample } from './types.ts';

export interface Meter {
  /** Records a committed transaction with its duration and its number of orders. */
  transaction(ms: number, orders: number): void;
  begin(): void;
  end(): Sample;
}

/** Longer transactions count as this long. */
const slowestUs = 60_000_000;
const rssEveryMs = 100;

/**
 * Creates a meter that also reads the CPU time of the database process. `databasePid` is null if the database is on
 * another machine.
 */
export function createMeter(databasePid: number | null): Meter {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: slowestUs,
    numberOfSignificantValueDigits: 3,
  });
  let orders = 0;
  let transactions = 0;
  let startedMs = 0;
  let nodeUs = 0;
  let databaseUs: number | null = null;
  let rssBytes = 0;
  let sampling: NodeJS.Timeout | undefined;

  const sampleRss = () => {
    rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
  };

  return {
    transaction(ms, persisted) {
      orders += persisted;
      transactions += 1;
      histogram.recordValue(Math.min(slowestUs, Math.max(1, Math.round(ms * 1_000))));
    },
    begin() {
      histogram.reset();
      orders = 0;
      transactions = 0;
      nodeUs = ownCpuUs();
      databaseUs = processCpuUs(databasePid);
      sampling = setInterval(sampleRss, rssEveryMs);
      startedMs = performance.now();
    },
    end() {
      clearInterval(sampling);
      sampleRss();
      const seconds = (performance.now() - startedMs) / 1_000;
      const databaseNow = processCpuUs(databasePid);
      const cpuUs: Record<string, number> = { node: (ownCpuUs() - nodeUs) / orders };
      if (databaseNow !== null && databaseUs !== null)
        cpuUs['database'] = (databaseNow - databaseUs) / orders;
      return {
        orders,
        seconds,
        cpuUs,
        p50Ms: histogram.getValueAtPercentile(50) / 1_000,
        p99Ms: histogram.getValueAtPercentile(99) / 1_000,
        batch: orders / transactions,
        rssMb: rssBytes / 1e6,
      };
    },
  };
}
