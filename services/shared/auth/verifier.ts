import { hash } from 'node:crypto';
import { type Clock, systemClock } from '../clock/index.ts';
import { AppError, appError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { type Caller, type ClaimRules, callerOf } from './claims.ts';
import { createKeySet } from './key-set.ts';
import { type PublicKeys, sourceFault } from './key-source.ts';
import { type Algorithm, isSigned, readToken, type SignedToken } from './signed-token.ts';
import { createTokenCache } from './token-cache.ts';

export type VerifierOptions = {
  /** The issuer's public keys: a file path or an http(s) URL. Plain http is for this machine only. */
  jwks: string;
  issuer: string;
  audience: string;
  /** All three by default. Symmetric algorithms are not supported. */
  algorithms?: readonly Algorithm[];
  /** Accepted values of `typ`; default `at+jwt` (RFC 9068) and `JWT`. */
  types?: readonly string[];
  /** The longest lifetime of a token. Default: one day. */
  lifetimeMaxMs?: number;
  /** Number of verified tokens that are cached. Default 10,000. */
  cacheSize?: number;
  /** The allowed difference of the issuer's clock, in seconds. Default 30, at most 60. */
  clockToleranceSeconds?: number;
  log?: Logger;
  metrics?: Metrics;
  clock?: Clock;
};

export type Verifier = {
  /** The caller of a token that was verified before, otherwise null. Costs one hash. */
  known(token: string): Caller | null;
  /**
   * The caller of a token. The result is synchronous if the issuer's keys are known, otherwise a promise.
   * Client errors are TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_EXPIRED and TOKEN_REFUSED. The server error is
   * JWKS_UNAVAILABLE.
   */
  verify(token: string): Caller | Promise<Caller>;
};

const supported: readonly Algorithm[] = ['ES256', 'EdDSA', 'RS256'];
const typesDefault = ['at+jwt', 'JWT'];
/** The default for the longest lifetime of a token. */
export const tokenLifetimeMaxMs = 24 * 3_600_000;
const tokenBytesMax = 8 * 1024;
const clockToleranceMaxSeconds = 60;
/** A cached token is verified again after this time, so that tokens of a withdrawn key stop working. */
const rememberForMs = 300_000;

/** Throws CONFIG_INVALID if the options would weaken the check. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { algorithms = supported, cacheSize = 10_000, clockToleranceSeconds = 30 } = options;
  const { metrics = noMetrics, clock = systemClock } = options;
  check(options.jwks, algorithms, clockToleranceSeconds);
  const rules = rulesOf(options, clockToleranceSeconds * 1000);
  const cache = createTokenCache<Caller>(cacheSize);
  // Tokens of a withdrawn key must not stay valid in the cache.
  const onChange = () => cache.clear();
  const keySet = createKeySet({ source: options.jwks, onChange, log: options.log, metrics, clock });
  const inFlight = new Map<string, Promise<Caller>>();

  const refuse = (error: unknown): never => {
    metrics.inc('auth_tokens_total', { result: 'refused' });
    throw tokenError(error);
  };

  const verifyWith = (keys: PublicKeys, token: SignedToken, digest: string): Caller => {
    try {
      checkSignature(keys, token);
      const nowMs = clock.nowMs();
      const caller = callerOf(token, rules, nowMs);
      const untilMs = Math.min(caller.expiresAtMs + rules.clockToleranceMs, nowMs + rememberForMs);
      cache.set(digest, caller, untilMs);
      metrics.inc('auth_tokens_total', { result: 'verified' });
      return caller;
    } catch (error) {
      return refuse(error);
    }
  };

  /** While the keys are being read, concurrent calls with one token share one check. */
  const verifyLater = (reading: Promise<PublicKeys>, token: SignedToken, digest: string): Promise<Caller> => {
    const verifying = reading
      .then((keys) => verifyWith(keys, token, digest), refuse)
      .finally(() => inFlight.delete(digest));
    inFlight.set(digest, verifying);
    return verifying;
  };

  const verifyAnew = (text: string, digest: string): Caller | Promise<Caller> => {
    let keys: PublicKeys | Promise<PublicKeys>;
    let token: SignedToken;
    try {
      token = readToken(text);
      checkAlgorithm(token, algorithms);
      keys = keySet.keysFor(token.kid);
    } catch (error) {
      return refuse(error);
    }
    return keys instanceof Promise ? verifyLater(keys, token, digest) : verifyWith(keys, token, digest);
  };

  return {
    known(token) {
      if (token.length > tokenBytesMax) return null;
      const caller = cache.get(digestOf(token), clock.nowMs());
      if (caller === undefined) return null;
      keySet.keepFresh();
      metrics.inc('auth_tokens_total', { result: 'cached' });
      return caller;
    },
    verify(token) {
      if (token === '') throw appError('TOKEN_MISSING');
      if (token.length > tokenBytesMax)
        throw appError('TOKEN_MALFORMED', { reason: `it is longer than ${tokenBytesMax} bytes` });
      const digest = digestOf(token);
      const remembered = cache.get(digest, clock.nowMs());
      if (remembered !== undefined) {
        keySet.keepFresh();
        metrics.inc('auth_tokens_total', { result: 'cached' });
        return remembered;
      }
      return inFlight.get(digest) ?? verifyAnew(token, digest);
    },
  };
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

function rulesOf(options: VerifierOptions, clockToleranceMs: number): ClaimRules {
  const { issuer, audience, types = typesDefault, lifetimeMaxMs = tokenLifetimeMaxMs } = options;
  return {
    issuer,
    audience,
    types: types.map((type) => type.toLowerCase()),
    lifetimeMaxMs,
    clockToleranceMs,
  };
}

function check(source: string, algorithms: readonly Algorithm[], clockToleranceSeconds: number): void {
  const problems: string[] = [];
  const fault = sourceFault(source);
  if (fault !== null) problems.push(fault);
  if (algorithms.length === 0 || algorithms.some((algorithm) => !supported.includes(algorithm))) {
    problems.push(`Token algorithms must be among ${supported.join(', ')}`);
  }
  if (clockToleranceSeconds < 0 || clockToleranceSeconds > clockToleranceMaxSeconds) {
    problems.push(`The clock tolerance must be 0 to ${clockToleranceMaxSeconds} s`);
  }
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
}

function checkAlgorithm({ alg }: SignedToken, algorithms: readonly Algorithm[]): void {
  if (!algorithms.includes(alg as Algorithm))
    throw appError('TOKEN_REFUSED', { reason: 'its alg is not supported' });
}

function checkSignature(keys: PublicKeys, token: SignedToken): void {
  if (token.kid === undefined && keys.count > 1)
    throw appError('TOKEN_REFUSED', { reason: 'it has no key id (kid)' });
  const key = keys.find(token.alg as Algorithm, token.kid);
  if (key === null) throw appError('TOKEN_REFUSED', { reason: 'the issuer has no key with this id' });
  if (!isSigned(token, key)) throw appError('TOKEN_REFUSED', { reason: 'its signature is wrong' });
}

function tokenError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // The signature check throws its own error on invalid bytes.
  return appError('TOKEN_MALFORMED', { reason: 'its bytes cannot be decoded' }, { cause: error });
}
