/**
 * Writes log lines to standard output, and never waits for its reader. A bounded buffer holds lines for a slow
 * reader. The output drops and counts lines that do not fit, and reports their number once the reader reads
 * again. A fast reader gets each line before `write` returns, so a crash loses no lines.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export interface LogOutput {
  /** Writes one line, which includes its line end. Never throws and never waits. */
  write(line: string): void;
  /** Writes the buffer while the reader reads, for at most `limitMs`. */
  flush(limitMs: number): void;
  /** The number of dropped lines so far. */
  dropped(): number;
  close(): void;
}

export interface LogOutputOptions {
  fd: number;
  /** Maximum number of bytes that wait for a slow reader. Default 1 MiB. */
  bufferBytesMax?: number;
  /** Called with the number of dropped lines, each time that some are dropped. */
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

  /** Writes until the reader accepts no more bytes. */
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
      `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), dropped: unreported, msg: 'the process dropped log lines, because the reader was too slow' })}\n`,
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
    // A process without other work ends. `flush` then tries to write its last lines.
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
      // While the reader is slow, only the timer writes, so that a line costs no system call.
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

/** The number of written bytes; 0 if the reader accepts none now; `gone` if the reader has gone. */
function writeNow(fd: number, bytes: Buffer): number | 'gone' {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : 'gone';
  }
}

/**
 * Opens a pipe or a terminal again to get a file description of its own. Processes that share an inherited
 * description share its non-blocking flag. A socket, which Node gives its child processes, cannot be opened
 * again. It has one writer, and Node's own handle sets the flag. Files never block.
 */
function openWithoutWaiting(fd: number): { fd: number; close(): void } {
  const asItIs = { fd, close: () => undefined };
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) {
      const handle = new Socket({ fd, readable: false, writable: true });
      // This handle writes no lines. It must not keep the process alive, and its errors must not end it.
      handle.on('error', () => undefined);
      handle.unref();
      return { fd, close: () => handle.destroy() };
    }
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return asItIs;
    const own = openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return { fd: own, close: () => closeSync(own) };
  } catch {
    // The device cannot be opened, so lines go to the inherited descriptor.
    return asItIs;
  }
}
