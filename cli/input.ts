/** Reads files that the user passes to a command, as bytes. Their text is used only if it is valid UTF-8. */
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { usageError } from './errors.ts';

/** The path that means standard input. */
const STDIN = '-';
const LF = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
/** Keeps U+FEFF, because it is a byte order mark only at the start of a file. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws CliError (exit code 2) if the file does not exist or cannot be read. */
export async function mustBeReadable(path: string): Promise<void> {
  if (path === STDIN) return;
  await access(path, constants.R_OK).catch((error: Error) => {
    throw usageError(`cannot read ${path}: ${error.message}`);
  });
}

/** The bytes of a file, or of standard input for `-`. A file error appears during the read. */
export function openInput(path: string): Readable {
  return path === STDIN ? process.stdin : createReadStream(path);
}

/**
 * The lines without their LF. Null for a line that is longer than `bytesMax`. At most `bytesMax` bytes of a line
 * are in memory.
 */
export async function* readByteLines(
  input: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<Buffer | null> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= bytesMax) parts.push(part);
    else parts = [];
  };
  const line = (): Buffer | null => {
    const whole = bytes > bytesMax ? null : Buffer.concat(parts);
    parts = [];
    bytes = 0;
    return whole;
  };
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      take(chunk.subarray(from, end));
      yield line();
      from = end + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (bytes > 0) yield line();
}

/** The text, or null if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    // Only invalid bytes can cause this error.
    return null;
  }
}

export function withoutByteOrderMark(bytes: Buffer): Buffer {
  const begins = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return begins ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

/** Number, from 1, of the first line that is not UTF-8. Null if all lines are UTF-8. */
export function firstLineNotUtf8(bytes: Buffer): number | null {
  let line = 1;
  for (let from = 0; from <= bytes.length; line += 1) {
    const end = bytes.indexOf(LF, from);
    const piece = bytes.subarray(from, end === -1 ? bytes.length : end);
    if (decodeUtf8(piece) === null) return line;
    if (end === -1) return null;
    from = end + 1;
  }
  return null;
}
