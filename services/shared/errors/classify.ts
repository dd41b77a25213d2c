import type { Disposition } from './table.ts';

/** How far `cause` is followed. A longer chain is a loop or a mistake. */
const causeDepthMax = 8;

const dispositions: ReadonlySet<unknown> = new Set<Disposition>(['reject', 'retry', 'deadLetter', 'fatal']);

/** System error codes of temporary faults: the other side is down or slow, or lacks a resource. */
const transientCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EBUSY',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/**
 * The disposition of any thrown value. An error may have its own `disposition`. Network errors of the system
 * are `retry`. Otherwise the `cause` decides. An unknown error is `fatal`, because a bug must become visible.
 * With `retry`, the process would repeat it for ever. With `deadLetter`, it would reject valid orders.
 */
export function classify(error: unknown): Disposition {
  return known(error, 0) ?? 'fatal';
}

function known(error: unknown, depth: number): Disposition | null {
  if (typeof error !== 'object' || error === null || depth > causeDepthMax) return null;
  const { disposition, code, name, cause, errors } = error as Record<string, unknown>;
  if (dispositions.has(disposition)) return disposition as Disposition;
  if (transientCodes.has(code) || name === 'AbortError' || name === 'TimeoutError') return 'retry';
  const first = Array.isArray(errors) ? errors[0] : undefined;
  return known(cause, depth + 1) ?? known(first, depth + 1);
}

/** A message for people, from any thrown value. Never throws, and is never empty. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) {
    if (error.message !== '') return error.message;
    if (error instanceof AggregateError && error.errors.length > 0) return errorMessage(error.errors[0]);
    return String((error as { code?: unknown }).code ?? error.name);
  }
  if (typeof error === 'string' && error !== '') return error;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    // A thrown value that cannot be printed still needs a text. Only its type is known.
    return typeof error;
  }
}
