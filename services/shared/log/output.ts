/**
 * Where log lines go: standard output, without ever waiting for who reads it. A reader that falls behind is waited for in
 * a bounded buffer; what does not fit is dropped and counted, and a line says so once the reader is back. A line that
 * finds room is written before `write` returns, so that the log tail of a dying process is kept.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export interface LogOutput {
  /** Takes one line with its end. Never throws, never waits. */
  write(line: string): void;
  /** Writes what is buffered, for as long as the reader takes it and at most `limitMs`. */
  flush(limitMs: number): void;
  /** Lines dropped so far. */
  dropped(): number;
  close(): void;
}

export interface LogOutputOptions {
  fd: number;
  /** Bytes that wait for a slow reader. Default 1 MiB. */
  bufferBytesMax?: number;
  /** Told how many lines were dropped, each time that some are. */
  onDropped?: (lines: number) => void;
}

const defaultBufferBytes = 1024 * 1024;
const retryMs = { first: 5, longest: 250 };
const flushPauseMs = 5;

export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { bufferBytesMax = defaultBufferBytes, onDropped = () => undefined } = options;
  const target = openWithoutWaiting(options.fd);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let unreported = 0;
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = retryMs.first;

  const drop = (lines: number): void => {
    dropped += lines;
    unreported += lines;
    onDropped(lines);
  };

  /** Writes until the reader takes no more. */
  const drain = (): void => {
    while (waiting.length > 0) {
      const head = waiting[0]!;
      const written = writeNow(target.fd, head);
      if (written === 'gone') {
        drop(waiting.length);
        waiting = [];
        waitingBytes = 0;
        pauseMs = retryMs.longest;
        retryLater();
        return;
      }
      waitingBytes -= written;
      if (written < head.length) {
        waiting[0] = head.subarray(written);
        return;
      }
      waiting.shift();
      pauseMs = retryMs.first;
    }
    if (unreported > 0) report();
  };

  const report = (): void => {
    const line = Buffer.from(
      `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), dropped: unreported, msg: 'log lines were dropped: nobody read them' })}\n`,
    );
    unreported = 0;
    waiting.push(line);
    waitingBytes += line.length;
    drain();
  };

  const retryLater = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      pauseMs = Math.min(retryMs.longest, pauseMs * 2);
      drain();
      if (waiting.length > 0) retryLater();
    }, pauseMs);
    // A process that has nothing else to do ends; `flush` gives its last lines a chance.
    timer.unref();
  };

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > bufferBytesMax) {
        drop(1);
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      // While the reader is behind, only the timer tries: a line costs no system call then.
      if (timer !== undefined) return;
      drain();
      if (waiting.length > 0) retryLater();
    },
    flush(limitMs) {
      const endsAtMs = performance.now() + limitMs;
      drain();
      while (waiting.length > 0 && performance.now() < endsAtMs) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, flushPauseMs);
        drain();
      }
    },
    dropped: () => dropped,
    close() {
      clearTimeout(timer);
      target.close();
    },
  };
}

/** Bytes written, 0 when the reader takes none now, `gone` when there is no reader any more. */
function writeNow(fd: number, bytes: Buffer): number | 'gone' {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : 'gone';
  }
}

/**
 * A pipe or a terminal is opened once more, as only an opening of our own can be told not to wait: the flag of the one we
 * were started with belongs to everybody who shares it. A socket, which Node gives its children, cannot be opened anew; it
 * has one writer, and Node's own handle sets the flag. Files never wait.
 */
function openWithoutWaiting(fd: number): { fd: number; close(): void } {
  const asItIs = { fd, close: () => undefined };
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) {
      const handle = new Socket({ fd, readable: false, writable: true });
      // Lines are not written through it, and it must neither keep the process nor end it for its errors.
      handle.on('error', () => undefined);
      handle.unref();
      return { fd, close: () => handle.destroy() };
    }
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return asItIs;
    const own = openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return { fd: own, close: () => closeSync(own) };
  } catch {
    // No such folder, or not allowed: written as before.
    return asItIs;
  }
}
