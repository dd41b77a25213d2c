import type { Logger } from '../../log/index.ts';

type Level = 'debug' | 'info' | 'warn';
export type ThrottledLog = (level: Level, details: Record<string, unknown>, text: string) => void;

/**
 * The maximum number of remembered texts. Beyond it the oldest text is dropped, and may be written again early.
 */
const textsMax = 200;

/**
 * A log for texts that repeat many times a second during an outage. It writes each text once per `everyMs`,
 * with the number of omitted repeats.
 */
export function createThrottledLog(
  log: Logger,
  everyMs: number,
  nowMs: () => number = () => performance.now(),
): ThrottledLog {
  const written = new Map<string, { atMs: number; leftOut: number }>();
  return (level, details, text) => {
    const before = written.get(text);
    const now = nowMs();
    if (before !== undefined && now - before.atMs < everyMs) {
      before.leftOut++;
      return;
    }
    written.delete(text);
    if (written.size >= textsMax) written.delete(written.keys().next().value!);
    written.set(text, { atMs: now, leftOut: 0 });
    log[level](
      before === undefined || before.leftOut === 0 ? details : { ...details, leftOut: before.leftOut },
      text,
    );
  };
}
