/**
 * Turns for expensive reads of the database: pages, histories, quotes. A few reads run at the same time, and even
 * fewer of one caller. The callers take turns, so that no caller waits behind the queue of another.
 */
import { Failure } from '../common/failure.ts';

export interface ReadTurns {
  /**
   * Runs `read` when it is the caller's turn. Returns SHARE_USED_UP if too many reads of the caller wait, and
   * STATE_UNAVAILABLE if `read` rejects. Never rejects.
   */
  run<T>(callerId: string, read: () => Promise<T>): Promise<T | Failure>;
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

const retryAfterMs = 1_000;

const tooManyReads = new Failure('SHARE_USED_UP', {
  detail: 'You have the maximum number of open reads.',
  retryAfterMs,
});

export function createReadTurns(limits: ReadLimits): ReadTurns {
  /** Callers with running or waiting reads. The caller served last is at the end. */
  const readers = new Map<string, Reader>();
  let running = 0;

  /** Checks each caller at most once. Callers with nothing to start have running reads, so they are few. */
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
      if (reader.waiting.length >= limits.waitingPerCallerMax) return tooManyReads;
      const turn = Promise.withResolvers<void>();
      reader.waiting.push(turn.resolve);
      startNext();
      await turn.promise;
      try {
        return await read();
      } catch (cause) {
        return new Failure('STATE_UNAVAILABLE', { retryAfterMs, cause });
      } finally {
        end(callerId, reader);
      }
    },
  };
}
