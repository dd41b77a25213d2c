import { setTimeout as timer } from 'node:timers/promises';
import { appError } from '../errors/index.ts';

/** Waits `delayMs`; rejects with ABORTED as soon as `signal` aborts. */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await timer(delayMs, undefined, { signal });
  } catch (cause) {
    throw appError('ABORTED', {}, { cause });
  }
}
