/** `GET /scale/worker`: the number of workers that the demand needs, for KEDA's trigger `metrics-api`. */
import type { Flow } from '../../inspection/index.ts';
import type { Because } from './policy.ts';

export interface Answered {
  readonly monotonicMs: number;
  readonly workers: number;
  readonly needed: number;
  readonly because: Because;
  /** Commands per second of one worker. */
  readonly workerRate: number;
  readonly flow: Pick<Flow, 'arrivalRate' | 'outcomeRate' | 'backlog' | 'drainSeconds'>;
}

/** An older answer would hide that nobody measures. */
const answerMaxMs = 30_000;

/**
 * The answer, or 503 if there is none of the last 30 s. An autoscaler without an answer keeps the number of workers.
 *
 * @param nowMs on the clock of `answered`
 */
export function scalePage(answered: Answered | null, nowMs: number): { status: number; body: object } {
  if (answered === null) return { status: 503, body: { status: 'no two readings yet' } };
  const ageMs = nowMs - answered.monotonicMs;
  if (ageMs > answerMaxMs)
    return { status: 503, body: { status: `the last reading is ${Math.round(ageMs / 1_000)} s old` } };
  const { workers, needed, because, workerRate, flow } = answered;
  return {
    status: 200,
    body: {
      ...{ workers, because },
      neededWorkers: round(needed),
      workerRate: round(workerRate),
      arrivalRate: round(flow.arrivalRate),
      outcomeRate: round(flow.outcomeRate),
      backlog: flow.backlog,
      drainSeconds: flow.drainSeconds === null ? null : round(flow.drainSeconds),
    },
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
