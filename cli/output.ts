/**
 * Plain text for a terminal: aligned tables and thousands separators. No colours, so that logs stay readable.
 */
import { whenOutputIsLost } from '../services/shared/lifecycle/lost-output.ts';
import { EXIT_FAILURE } from './errors.ts';

/** Formats `12345` as `12,345`, in every locale. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/**
 * Formats rows as columns with two spaces between them. Texts are left-aligned and numbers right-aligned. Lines
 * have no trailing spaces.
 */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  const texts = rows.map((row) =>
    row.map((cell, column) => {
      const text = typeof cell === 'number' ? count(cell) : cell;
      widths[column] = Math.max(widths[column] ?? 0, text.length);
      return text;
    }),
  );
  return texts
    .map((row, rowIndex) =>
      row
        .map((text, column) => align(text, widths[column] ?? 0, typeof rows[rowIndex]?.[column] === 'number'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Progress such as `1,234 of 5,000` on stderr. A terminal gets one rewritten line, any other output one line
 * every `everyMs`.
 */
export function createProgress(
  stream: NodeJS.WriteStream,
  everyMs = 1000,
): { show(text: string): void; end(): void } {
  let shownAtMs = 0;
  let dirty = false;
  return {
    show(text) {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < (stream.isTTY ? 100 : everyMs)) return;
      shownAtMs = nowMs;
      dirty = stream.isTTY;
      stream.write(stream.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end() {
      if (dirty) stream.write('\r\x1b[2K');
      dirty = false;
    },
  };
}

/** Ends a command in order instead of at once. Set while the command does work that must not stop halfway. */
let interruptWork: (() => void) | null = null;

/**
 * If the output is lost, the command ends with one sentence and exit code 1, because its result is incomplete.
 * `main.ts` calls this once.
 */
export function endWhenOutputIsLost(): void {
  whenOutputIsLost((why) => {
    process.stderr.write(`orderstream: ${why}\n`);
    process.exitCode = EXIT_FAILURE;
    if (interruptWork === null) process.exit();
    interruptWork();
  });
}

/** Runs `work` with a signal that Ctrl-C, SIGTERM and lost output abort. `work` then ends in order. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  interruptWork = onSignal;
  try {
    return await work(interrupt.signal);
  } finally {
    interruptWork = null;
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Prints one line on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints one line on stderr about a probable mistake. The command continues. */
export function warn(text: string): void {
  process.stderr.write(`orderstream: warning: ${text}\n`);
}

/** Prints a value as indented JSON on stdout, with bigints as decimal strings and byte arrays as hex. */
export function printJson(value: unknown): void {
  print(toJson(value, 2));
}

/** JSON text of decoded records and rows, with bigints as decimal strings and byte arrays as hex. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, replaceUnprintable, indent);
}

function replaceUnprintable(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  // The toJSON of Buffer has already run here, so use the original value.
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return Buffer.from(original).toString('hex');
  return value;
}

function align(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
