import type { Logger } from '../../log/index.ts';

type Level = 'debug' | 'info' | 'warn';
export type SparseLog = (level: Level, details: Record<string, unknown>, text: string) => void;

/** Texts that are remembered; beyond it the oldest is forgotten and may be told again early. */
const textsMax = 200;

/**
 * A log for what repeats many times a second while something is away: each text once per `everyMs`, with the number of
 * repeats that were left out in between.
 */
export function createSparseLog(
  log: Logger,
  everyMs: number,
  nowMs: () => number = () => performance.now(),
): SparseLog {
  const told = new Map<string, { atMs: number; leftOut: number }>();
  return (level, details, text) => {
    const before = told.get(text);
    const now = nowMs();
    if (before !== undefined && now - before.atMs < everyMs) {
      before.leftOut++;
      return;
    }
    told.delete(text);
    if (told.size >= textsMax) told.delete(told.keys().next().value!);
    told.set(text, { atMs: now, leftOut: 0 });
    log[level](
      before === undefined || before.leftOut === 0 ? details : { ...details, leftOut: before.leftOut },
      text,
    );
  };
}
