/** Counts answers between `begin` and `end`, by what kind they are. */
import { readFileSync } from 'node:fs';
import { build, type Histogram } from 'hdr-histogram-js';
import { processCpuUs } from '../frame/cpu.ts';
import type { Sample } from '../frame/types.ts';

export interface Recorder {
  /** An answer that did what was asked, after so long. */
  done(ms: number, orders: number): void;
  refused(ms: number): void;
  /** Anything else; the run has no number. */
  failed(what: string): void;
  begin(): void;
  end(): Sample;
  /** The first thing that failed. */
  problem(): string | null;
  /** Orders accepted since the start of the process. */
  acceptedInAll(): number;
}

const slowestUs = 60_000_000;

export function createRecorder(servicePid: number, databasePid: number | null): Recorder {
  const histogram = newHistogram();
  const refusals = newHistogram();
  let orders = 0;
  let requests = 0;
  let inAll = 0;
  let problem: string | null = null;
  let startedMs = 0;
  let serviceUs: number | null = null;
  let databaseUs: number | null = null;

  return {
    done(ms, accepted) {
      orders += accepted;
      inAll += accepted;
      requests += 1;
      record(histogram, ms);
    },
    refused: (ms) => record(refusals, ms),
    failed(what) {
      problem ??= what;
    },
    begin() {
      histogram.reset();
      refusals.reset();
      orders = 0;
      requests = 0;
      serviceUs = processCpuUs(servicePid);
      databaseUs = processCpuUs(databasePid);
      startedMs = performance.now();
    },
    end() {
      const seconds = (performance.now() - startedMs) / 1_000;
      const cpuUs: Record<string, number> = {};
      const each = Math.max(1, orders);
      const service = processCpuUs(servicePid);
      const database = processCpuUs(databasePid);
      if (service !== null && serviceUs !== null) cpuUs['node'] = (service - serviceUs) / each;
      if (database !== null && databaseUs !== null) cpuUs['database'] = (database - databaseUs) / each;
      return {
        orders,
        seconds,
        cpuUs,
        p50Ms: quantile(histogram, 50),
        p99Ms: quantile(histogram, 99),
        batch: orders / Math.max(1, requests),
        rssMb: rssBytes(servicePid) / 1e6,
        more: {
          p95Ms: quantile(histogram, 95),
          refused: refusals.totalCount,
          refusalP99Ms: quantile(refusals, 99),
        },
      };
    },
    problem: () => problem,
    acceptedInAll: () => inAll,
  };
}

/** Resident memory of a process of this machine; NaN where that cannot be read. */
export function rssBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  } catch {
    // Not Linux: the column stays empty.
    return Number.NaN;
  }
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: slowestUs,
    numberOfSignificantValueDigits: 3,
  });
}

function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(slowestUs, Math.max(1, Math.round(ms * 1_000))));
}

function quantile(histogram: Histogram, percent: number): number {
  return histogram.getValueAtPercentile(percent) / 1_000;
}
