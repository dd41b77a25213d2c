/**
 * Turns at the database for reads that cost something: pages, histories, quotes. A few run at once, of one caller fewer; the
 * callers come by turns, so that nobody waits behind another's queue.
 */
import { HttpProblem } from '../../http/problems.ts';

export interface ReadTurns {
  /** Runs `read` when it is the caller's turn. Rejects with SHARE_USED_UP when too many of the caller's wait already. */
  run<T>(callerId: string, read: () => Promise<T>): Promise<T>;
}

export interface ReadLimits {
  readonly runningMax: number;
  readonly runningPerCallerMax: number;
  readonly waitingPerCallerMax: number;
}

interface Reader {
  running: number;
  readonly waiting: (() => void)[];
}

export function createReadTurns(limits: ReadLimits): ReadTurns {
  /** Callers with running or waiting reads; the one served last is last. */
  const readers = new Map<string, Reader>();
  let running = 0;

  /** Looks at each caller once at most: callers with nothing to start are those whose reads run, a handful. */
  const startNext = (): void => {
    for (const [callerId, reader] of readers) {
      if (running >= limits.runningMax) return;
      if (reader.waiting.length === 0 || reader.running >= limits.runningPerCallerMax) continue;
      readers.delete(callerId);
      readers.set(callerId, reader);
      reader.running++;
      running++;
      reader.waiting.shift()!();
      return;
    }
  };

  const end = (callerId: string, reader: Reader): void => {
    reader.running--;
    running--;
    if (reader.running === 0 && reader.waiting.length === 0) readers.delete(callerId);
    startNext();
  };

  return {
    async run(callerId, read) {
      let reader = readers.get(callerId);
      if (reader === undefined) {
        reader = { running: 0, waiting: [] };
        readers.set(callerId, reader);
      }
      if (reader.waiting.length >= limits.waitingPerCallerMax) throw shareUsedUp('reads');
      const turn = Promise.withResolvers<void>();
      reader.waiting.push(turn.resolve);
      startNext();
      await turn.promise;
      try {
        return await read();
      } finally {
        end(callerId, reader);
      }
    },
  };
}

/** The problem for a caller that exceeds its limit. */
export function shareUsedUp(what: string): HttpProblem {
  return new HttpProblem('SHARE_USED_UP', `You have the maximum number of open ${what}.`, {
    headers: { 'retry-after': '1' },
  });
}
