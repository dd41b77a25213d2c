import type { WorkerProcess } from './worker-process.ts';

/** A period in which the event loop was blocked, and the processor time that the process used meanwhile. */
export interface Standstill {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** The reports until now of a worker with the preload `loop-watch`. */
export function standstillsOf(worker: WorkerProcess): Standstill[] {
  return worker.log
    .filter(({ msg }) => msg === 'event loop stood still')
    .map(({ wallMs, cpuMs }) => ({ wallMs: Math.round(Number(wallMs)), cpuMs: Math.round(Number(cpuMs)) }));
}
