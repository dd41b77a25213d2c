/** Writes one line of JSON per request to a file. */

import { once } from 'node:events';
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { usageError } from '../../cli/errors.ts';

/** One request that was sent, or could not be sent. */
export interface HistoryLine {
  /** ISO 8601. For every attempt, the moment at which the first was due. */
  readonly due: string;
  /** ISO 8601; null if the request was not sent. */
  readonly sent: string | null;
  /** Time from the due time to the answer; null without an answer. */
  readonly latencyMs: number | null;
  /** 1 for the first request with these keys. */
  readonly attempt: number;
  readonly customer: string;
  /** Status code; null without an answer. */
  readonly status: number | null;
  /** Problem code of the answer, or the reason why there is no answer. */
  readonly code: string | null;
  /** Idempotency keys, one per order. */
  readonly keys: readonly string[];
  /** The id of each accepted order; null for an order that was not accepted. */
  readonly orderIds: readonly (string | null)[];
  /** The problem code of each order, in batches with a refused order. */
  readonly orderCodes?: readonly (string | null)[];
}

export interface History {
  write(line: HistoryLine): void;
  /** Resolves when the file takes more lines; null if it does already. */
  room(): Promise<unknown> | null;
  /** Why the file takes no more lines, or null. */
  failure(): string | null;
  /** Resolves when all lines are in the file: with null, or with the reason why they are not. */
  close(): Promise<string | null>;
}

/** Lines beyond this size wait for the file, and so do the next requests. */
const bufferBytes = 1 << 20;

/** Opens a new file. @throws CliError (exit code 2) if the file exists or cannot be created. */
export async function openHistory(file: string): Promise<History> {
  // A pipe or a device already exists.
  const isNew = !existsSync(file);
  if (!isNew && statSync(file).isFile()) throw usageError(`the history ${file} exists; name a new file`);
  const stream = createWriteStream(file, { flags: isNew ? 'wx' : 'w', highWaterMark: bufferBytes });
  let failure: string | null = null;
  const sentence = (error: NodeJS.ErrnoException): string =>
    `cannot write the history ${file}: ${error.code ?? error.message}`;
  try {
    await once(stream, 'open');
  } catch (error) {
    throw usageError(sentence(error as NodeJS.ErrnoException));
  }
  stream.on('error', (error) => {
    failure = sentence(error);
  });
  return {
    write(line) {
      if (failure === null) stream.write(`${JSON.stringify(line)}\n`);
    },
    room: () => (stream.writableNeedDrain && failure === null ? drained(stream) : null),
    failure: () => failure,
    async close() {
      stream.end();
      // The listener above has the reason.
      await finished(stream).catch(() => undefined);
      return failure;
    },
  };
}

function drained(stream: NodeJS.WritableStream): Promise<unknown> {
  // `once` rejects after an error of the stream; then nothing is left to wait for.
  return once(stream, 'drain').catch(() => undefined);
}

/** A history that keeps nothing. */
export const noHistory: History = {
  write: () => undefined,
  room: () => null,
  failure: () => null,
  close: async () => null,
};
