/** Counts outcomes in the log while a generator runs in its own process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';

const backlogEveryMs = 250;

/** Resolves when the generator sends, because its process takes a while to start. */
export async function firstCommand(ledger: Ledger, running: Promise<unknown>): Promise<void> {
  const before = (await ledger.progress()).commands;
  let ended = false;
  void running.then(() => {
    ended = true;
  });
  while (!ended && (await ledger.progress()).commands === before) await sleep(20);
}

/** Outcomes per second in this time, and the smallest number of commands without an outcome. */
export async function countOutcomes(ledger: Ledger, ms: number) {
  const before = await ledger.progress();
  const startedMs = performance.now();
  let backlogMin = Number.POSITIVE_INFINITY;
  let last = before;
  while (performance.now() - startedMs < ms) {
    await sleep(backlogEveryMs);
    last = await ledger.progress();
    backlogMin = Math.min(backlogMin, last.commands - last.outcomes);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { outcomesPerSecond: (last.outcomes - before.outcomes) / seconds, backlogMin };
}
