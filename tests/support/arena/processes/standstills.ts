import type { WorkerProcess } from './worker-process.ts';

/** A time in which the event loop did not turn, and the processor time that its process used meanwhile. */
export interface Standstill {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** What a worker that was started with the preload `loop-watch` has told so far. */
export function standstillsOf(worker: WorkerProcess): Standstill[] {
  return worker.log
    .filter(({ msg }) => msg === 'event loop stood still')
    .map(({ wallMs, cpuMs }) => ({ wallMs: Math.round(Number(wallMs)), cpuMs: Math.round(Number(cpuMs)) }));
}
