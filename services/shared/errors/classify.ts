import type { Disposition } from './table.ts';

/** How far `cause` is followed; deeper chains are a loop or a mistake. */
const causeDepthMax = 8;

const dispositions: ReadonlySet<unknown> = new Set<Disposition>(['reject', 'retry', 'deadLetter', 'fatal']);

/** System error codes of trouble that passes: the other side is away, slow, or out of a resource for now. */
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
 * What to do about anything that was thrown. Total: an error that carries a `disposition` says so itself, system
 * errors of the network are `retry`, else the `cause` is asked. What nobody knows is `fatal`, as a bug has to be
 * seen: guessing `retry` would loop on it for ever and guessing `deadLetter` would set good orders aside.
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

/** A message for a person, out of anything that was thrown. Never throws, never empty. */
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
    // A thrown value that cannot be printed still needs some text; its type is all there is.
    return typeof error;
  }
}
