/** The live line: on a terminal it is rewritten, elsewhere a new line comes every five seconds. */
import { count, createProgress } from '../../cli/output.ts';
import type { Tally } from './tally.ts';

export interface Progress {
  /**
   * Call it often; it limits its own output. `seconds` since the begin of the run; `decided`: the estimated number of orders
   * with an outcome.
   */
  show(seconds: number, decided: number): void;
  /** Shows any other text in the same place. */
  say(text: string): void;
  end(): void;
}

interface Snapshot {
  readonly ms: number;
  readonly asked: number;
  readonly accepted: number;
  readonly decided: number;
}

const lineEveryMs = 5_000;
/** Rates on a terminal are those of the last second or a little more. */
const windowMs = 1_000;

export function createLoadProgress(stream: NodeJS.WriteStream, tally: Tally): Progress {
  const progress = createProgress(stream, lineEveryMs);
  const spanMs = stream.isTTY ? windowMs : lineEveryMs;
  const snapshots: Snapshot[] = [{ ms: performance.now(), asked: 0, accepted: 0, decided: 0 }];
  return {
    show(seconds, decided) {
      const now = { ms: performance.now(), asked: tally.asked, accepted: tally.accepted, decided };
      while (snapshots.length > 1 && snapshots[1]!.ms <= now.ms - spanMs) snapshots.shift();
      const before = snapshots[0]!;
      snapshots.push(now);
      const rateOf = (name: 'asked' | 'accepted' | 'decided'): string => {
        const perMs = (now[name] - before[name]) / Math.max(1, now.ms - before.ms);
        return `${count(Math.round(perMs * 1_000))}/s ${name}`;
      };
      const p95Ms = tally.latency.quantile(95).toFixed(1);
      progress.show(
        `${seconds.toFixed(0)} s  ${rateOf('asked')}  ${rateOf('accepted')}  ~${rateOf('decided')}  ` +
          `${count(tally.errors)} errors  p95 ${p95Ms} ms`,
      );
    },
    say: (text) => progress.show(text),
    end: () => progress.end(),
  };
}
