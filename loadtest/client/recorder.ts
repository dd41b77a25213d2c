/** Counts responses by kind, and measures the CPU time between `begin` and `end`. */
import { readFileSync } from 'node:fs';
import { build, type Histogram } from 'hdr-histogram-js';
import { ownCpuUs, processCpuUs } from '../frame/cpu.ts';
import type { Sample } from '../frame/types.ts';
import type { Load } from './job.ts';

export interface Recorder {
  /** Records a successful response after this time. Only a `measured` response is part of the sample. */
  done(ms: number, orders: number, measured: boolean): void;
  refused(ms: number, measured: boolean): void;
  /** Records any other response or a failure. Then the run has no number. */
  failed(what: string): void;
  /** Begins the measured time. */
  begin(): void;
  /** Ends the measured time. Responses to its requests may still arrive. */
  end(): void;
  /** Whether the measured time is running. */
  measuring(): boolean;
  sample(): Sample;
  /** The first failure. */
  problem(): string | null;
  /** Orders accepted since the start of the process, measured or not. */
  acceptedInAll(): number;
}

const slowestUs = 60_000_000;

export function createRecorder({ pids, servicePid }: Pick<Load, 'pids' | 'servicePid'>): Recorder {
  const histogram = newHistogram();
  const refusals = newHistogram();
  let measuring = false;
  let orders = 0;
  let requests = 0;
  let inAll = 0;
  let problem: string | null = null;
  let startedMs = 0;
  let seconds = 0;
  let usedUs: Record<string, number> = {};

  return {
    done(ms, accepted, measured) {
      inAll += accepted;
      if (!measured) return;
      orders += accepted;
      requests += 1;
      record(histogram, ms);
    },
    refused(ms, measured) {
      if (measured) record(refusals, ms);
    },
    failed(what) {
      problem ??= what;
    },
    begin() {
      histogram.reset();
      refusals.reset();
      orders = 0;
      requests = 0;
      usedUs = cpuOf(pids);
      startedMs = performance.now();
      measuring = true;
    },
    end() {
      measuring = false;
      seconds = (performance.now() - startedMs) / 1_000;
      const now = cpuOf(pids);
      for (const name in now) usedUs[name] = now[name]! - (usedUs[name] ?? 0);
    },
    measuring: () => measuring,
    sample() {
      const each = Math.max(1, orders);
      return {
        orders,
        seconds,
        cpuUs: Object.fromEntries(Object.entries(usedUs).map(([name, us]) => [name, us / each])),
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

/** Resident memory of a process of this machine; NaN if it cannot be read. */
export function rssBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  } catch {
    // The machine does not run Linux, so the column stays empty.
    return Number.NaN;
  }
}

/** CPU time so far, in µs, of this process and of each readable process in `pids`. */
function cpuOf(pids: Load['pids']): Record<string, number> {
  const used: Record<string, number> = {};
  for (const [name, pid] of Object.entries(pids)) {
    const us = processCpuUs(pid);
    if (us !== null) used[name] = us;
  }
  used['generator'] = ownCpuUs();
  return used;
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
