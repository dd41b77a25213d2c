/**
 * The process of one run, the same for every design. It sends requests, reads the outcomes, and checks that each
 * accepted order gets exactly one outcome. The rate counts outcomes. Latencies count from the request. In an open
 * loop they count from the due time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'hdr-histogram-js';
import { driveClosed } from '../client/closed-loop.ts';
import type { Answer } from '../client/connection.ts';
import { driveOpen } from '../client/open-loop.ts';
import { createRecorder, type Recorder } from '../client/recorder.ts';
import { jobOfChild, sendResult } from '../frame/child.ts';
import type { RunResult, Sample } from '../frame/types.ts';
import type { E2eJob } from './job.ts';
import { type OutcomeReader, openOutcomeReader } from './outcome-reader.ts';
import { createFollower, type Shown } from './ways.ts';

const slowestUs = 300_000_000;
const idField = /"id":"([0-9a-f-]{36})"/g;

/** Start and end of the measured time, by the clock of this process. */
interface Span {
  fromMs: number;
  toMs: number;
}

/** The time of the request of each accepted order, by its id. */
type Sent = Map<string, number>;

await sendResult(await run(jobOfChild<E2eJob>()).catch(failed));
process.disconnect?.();

async function run({ load, outcomes, seenBy }: E2eJob): Promise<RunResult> {
  const reader = await openOutcomeReader(outcomes);
  try {
    const span: Span = { fromMs: 0, toMs: 0 };
    const sent: Sent = new Map();
    const recorder = withSpan(createRecorder(load), span);
    const follower =
      seenBy === 'topic' || seenBy === 'wait' ? null : createFollower(seenBy, load.target, load.tokens[0]!);
    await drive(load, recorder, (answer, sentMs) => {
      for (const [, id] of answer.body.matchAll(idField)) sent.set(id!, sentMs);
      follower?.follow(answer, sentMs);
    });
    const shown = (await follower?.finish()) ?? null;
    const problem = recorder.problem() ?? (await reader.problemOf(new Set(sent.keys())));
    if (problem !== null) return { ok: false, problem };
    const sample = sampleOf(recorder, reader, sent, span);
    return { ok: true, sample: { ...sample, ...quantilesSeen(seenBy, sample, shown, span) } };
  } finally {
    await reader.stop();
  }
}

type OnAnswer = (answer: Answer, sentMs: number) => void;

async function drive(load: E2eJob['load'], recorder: Recorder, onAnswer: OnAnswer): Promise<void> {
  if (load.kind === 'open') return driveOpen({ ...load, onAnswer }, recorder);
  const measured = sleep(load.warmUpMs).then(async () => {
    recorder.begin();
    await sleep(load.measureMs);
    recorder.end();
  });
  await driveClosed({ ...load, onAnswer }, recorder, measured);
}

function withSpan(recorder: Recorder, span: Span): Recorder {
  return {
    ...recorder,
    begin() {
      recorder.begin();
      span.fromMs = performance.now();
    },
    end() {
      span.toMs = performance.now();
      recorder.end();
    },
  };
}

/**
 * The rate is the better of two rates. The first rate counts the outcomes that arrived in the measured time. The
 * second rate counts all outcomes, from the first request to the last outcome. A design with a backlog is faster
 * after the last request. The quantiles count the orders that were requested in the measured time.
 */
function sampleOf(recorder: Recorder, { arrivals }: OutcomeReader, sent: Sent, span: Span): Sample {
  const asked = recorder.sample();
  const latencies: number[] = [];
  let outcomes = 0;
  let beganMs = Number.POSITIVE_INFINITY;
  let endedMs = 0;
  for (const [orderId, sentMs] of sent) {
    const { firstMs } = arrivals.get(orderId)!;
    beganMs = Math.min(beganMs, sentMs);
    endedMs = Math.max(endedMs, firstMs);
    if (isIn(firstMs, span)) outcomes += 1;
    if (isIn(sentMs, span)) latencies.push(firstMs - sentMs);
  }
  const perOutcome = asked.orders / Math.max(1, outcomes);
  const { p95Ms, ...quantiles } = quantilesOf(latencies);
  return {
    ...asked,
    ...quantiles,
    ...betterOf(
      { orders: outcomes, seconds: asked.seconds },
      { orders: sent.size, seconds: (endedMs - beganMs) / 1_000 },
    ),
    cpuUs: Object.fromEntries(Object.entries(asked.cpuUs).map(([name, us]) => [name, us * perOutcome])),
    more: {
      p95Ms,
      acceptP50Ms: asked.p50Ms,
      acceptP95Ms: asked.more!['p95Ms']!,
      acceptP99Ms: asked.p99Ms,
      acceptedPerSecond: asked.orders / asked.seconds,
      accepted: sent.size,
    },
  };
}

type Rate = Pick<Sample, 'orders' | 'seconds'>;

function betterOf(inSpan: Rate, whole: Rate): Rate {
  return whole.orders / whole.seconds > inSpan.orders / inSpan.seconds ? whole : inSpan;
}

/** The quantiles of the time until the client sees the outcome, if it does not read the topic. */
function quantilesSeen(
  seenBy: E2eJob['seenBy'],
  { more = {} }: Sample,
  shown: readonly Shown[] | null,
  span: Span,
): Partial<Sample> {
  if (seenBy === 'topic') return {};
  if (seenBy === 'wait') {
    const { acceptP50Ms, acceptP95Ms, acceptP99Ms } = more;
    return { p50Ms: acceptP50Ms!, p99Ms: acceptP99Ms!, more: { ...more, p95Ms: acceptP95Ms! } };
  }
  const measured = shown!.filter(({ dueMs }) => isIn(dueMs, span));
  const { p50Ms, p95Ms, p99Ms } = quantilesOf(measured.map(({ dueMs, shownMs }) => shownMs - dueMs));
  return { p50Ms, p99Ms, more: { ...more, p95Ms } };
}

function quantilesOf(latenciesMs: readonly number[]): { p50Ms: number; p95Ms: number; p99Ms: number } {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: slowestUs,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of latenciesMs)
    histogram.recordValue(Math.min(slowestUs, Math.max(1, Math.round(ms * 1_000))));
  const quantile = (percent: number): number => histogram.getValueAtPercentile(percent) / 1_000;
  return { p50Ms: quantile(50), p95Ms: quantile(95), p99Ms: quantile(99) };
}

function isIn(ms: number, { fromMs, toMs }: Span): boolean {
  return ms >= fromMs && ms < toMs;
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
