/** Finds the caller of a request from its token, within the limits of `token-checks.ts`. */
import type { Caller, Verifier } from '../../../shared/auth/index.ts';
import { AppError } from '../../../shared/errors/index.ts';
import { Failure } from '../common/failure.ts';
import type { TokenChecks } from './token-checks.ts';

export interface IdentifyDeps {
  readonly verifier: Verifier;
  readonly tokenChecks: TokenChecks;
}

/** Where a token comes from. */
export interface TokenSource {
  /** The address that `siteOf` returns. */
  readonly address: string;
  /** Checks rotate by it. */
  readonly connection: object;
  /** Whether the client has disconnected. */
  readonly isGone: () => boolean;
}

const bearerForm = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The token of a field `Authorization`; null if the field has another form. */
export function bearerTokenOf(field: string): string | null {
  return bearerForm.exec(field)?.[1] ?? null;
}

/** The part of an address that identifies a site. One IPv6 site has 2^64 addresses, and its first four groups. */
export function siteOf(address: string): string {
  return address.includes('.') ? address : address.split(':', 4).join(':');
}

/**
 * Calls `done` with the caller, or with UNAUTHORIZED, AUTH_UNAVAILABLE, OVERLOADED or INTERNAL. Creates no promise while
 * the keys of the issuer are known. Never calls it if the client has disconnected.
 */
export function identify(
  { verifier, tokenChecks }: IdentifyDeps,
  token: string,
  { address, connection, isGone }: TokenSource,
  done: (result: Caller | Failure) => void,
): void {
  const known = verifier.known(token);
  if (known !== null) {
    done(known);
    return;
  }
  const fail = (error: unknown): void => {
    if (error instanceof AppError && error.disposition === 'reject') tokenChecks.failed(address);
    done(failureOf(error));
  };
  const isTaken = tokenChecks.come(address, connection, () => {
    // The client may have disconnected while it waited for the check.
    if (!isGone()) verifyNow(verifier, token, done, fail);
  });
  if (!isTaken) done(tooManyTokens);
}

const tooManyTokens = new Failure('OVERLOADED', {
  detail: 'Too many tokens wait to be checked.',
  retryAfterMs: 5_000,
});

const keysUnavailable = new Failure('AUTH_UNAVAILABLE', { retryAfterMs: 2_000 });

function verifyNow(
  verifier: Verifier,
  token: string,
  enter: (caller: Caller) => void,
  fail: (error: unknown) => void,
): void {
  let verified: Caller | Promise<Caller>;
  try {
    verified = verifier.verify(token);
  } catch (error) {
    fail(error);
    return;
  }
  if (verified instanceof Promise) verified.then(enter, fail);
  else enter(verified);
}

/** Only an expired token gets a specific detail. Other failures stay generic, so as not to help forgers. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof AppError)) return new Failure('INTERNAL', { cause: error });
  if (error.disposition !== 'reject') return keysUnavailable;
  return new Failure('UNAUTHORIZED', error.code === 'TOKEN_EXPIRED' ? { detail: error.message } : {});
}
