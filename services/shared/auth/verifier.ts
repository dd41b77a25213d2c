import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { type Clock, systemClock } from '../clock/index.ts';
import { AppError, appError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { createKeySet } from './key-set.ts';
import { createTokenCache } from './token-cache.ts';

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

/** Who is asking: the token's `sub` is the customer. */
export type Caller = {
  readonly customerId: string;
  readonly scopes: ReadonlySet<string>;
  readonly expiresAtMs: number;
};

export type VerifierOptions = {
  /** The issuer's public keys: a file path or an http(s) URL. */
  jwks: string;
  issuer: string;
  audience: string;
  /** Default all three. There is no way to allow a symmetric one. */
  algorithms?: readonly Algorithm[];
  /** Verified tokens that are remembered. Default 10,000. */
  cacheSize?: number;
  /** How far the issuer's clock may be off. Default 30, at most 60. */
  clockToleranceSeconds?: number;
  log?: Logger;
  metrics?: Metrics;
  clock?: Clock;
};

export type Verifier = {
  /**
   * The caller of a token: at once for one that was verified before, else a promise. Fails with TOKEN_MISSING,
   * TOKEN_MALFORMED, TOKEN_EXPIRED or TOKEN_REFUSED (the asker's fault), or JWKS_UNAVAILABLE (ours).
   */
  verify(token: string): Caller | Promise<Caller>;
};

const supported: readonly Algorithm[] = ['ES256', 'EdDSA', 'RS256'];
const tokenBytesMax = 8 * 1024;
const clockToleranceMaxSeconds = 60;
/** A remembered token is verified anew after this, so that a withdrawn key takes its tokens with it. */
const rememberForMs = 300_000;
const scopesMax = 50;

export function createVerifier(options: VerifierOptions): Verifier {
  const {
    issuer,
    audience,
    algorithms = supported,
    cacheSize = 10_000,
    clockToleranceSeconds = 30,
  } = options;
  const { metrics = noMetrics, clock = systemClock } = options;
  check(algorithms, clockToleranceSeconds);
  const keySet = createKeySet({ source: options.jwks, log: options.log, metrics, clock });
  const cache = createTokenCache<Caller>(cacheSize);
  const inFlight = new Map<string, Promise<Caller>>();

  const verifyAnew = async (token: string, digest: string): Promise<Caller> => {
    try {
      const { payload } = await jwtVerify(
        token,
        async (header, input) => {
          const keys = await keySet.keysFor(header.kid);
          if (header.kid === undefined && keys.count > 1)
            throw appError('TOKEN_REFUSED', { reason: 'it names no key (kid)' });
          return keys.find(header, input);
        },
        {
          issuer,
          audience,
          algorithms: [...algorithms],
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['iss', 'aud', 'exp', 'sub', 'scope'],
          currentDate: new Date(clock.nowMs()),
        },
      );
      const caller = callerOf(payload);
      cache.set(
        digest,
        caller,
        Math.min(caller.expiresAtMs + clockToleranceSeconds * 1000, clock.nowMs() + rememberForMs),
      );
      metrics.inc('auth_tokens_total', { result: 'verified' });
      return caller;
    } catch (error) {
      metrics.inc('auth_tokens_total', { result: 'refused' });
      throw tokenError(error);
    } finally {
      inFlight.delete(digest);
    }
  };

  return {
    verify(token) {
      if (token === '') throw appError('TOKEN_MISSING');
      if (token.length > tokenBytesMax)
        throw appError('TOKEN_MALFORMED', { reason: `it is longer than ${tokenBytesMax} bytes` });
      const digest = hash('sha256', token, 'base64');
      const remembered = cache.get(digest, clock.nowMs());
      if (remembered !== undefined) {
        metrics.inc('auth_tokens_total', { result: 'cached' });
        return remembered;
      }
      let verifying = inFlight.get(digest);
      if (verifying === undefined) {
        verifying = verifyAnew(token, digest);
        inFlight.set(digest, verifying);
      }
      return verifying;
    },
  };
}

function check(algorithms: readonly Algorithm[], clockToleranceSeconds: number): void {
  const problems: string[] = [];
  if (algorithms.length === 0 || algorithms.some((algorithm) => !supported.includes(algorithm))) {
    problems.push(`Token algorithms must be among ${supported.join(', ')}`);
  }
  if (clockToleranceSeconds < 0 || clockToleranceSeconds > clockToleranceMaxSeconds) {
    problems.push(`The clock tolerance must be 0 to ${clockToleranceMaxSeconds} s`);
  }
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
}

function callerOf({ sub, scope, exp }: JWTPayload): Caller {
  // The customer id is a column, a hash input and a cache key: one spelling only, no blanks, no other alphabet.
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(sub)) {
    throw appError('TOKEN_REFUSED', { reason: 'its sub is not 1 to 128 visible ASCII characters' });
  }
  if (typeof scope !== 'string') throw appError('TOKEN_REFUSED', { reason: 'its scope is not text' });
  const scopes = scope.split(' ').filter((word) => word !== '');
  if (scopes.length > scopesMax)
    throw appError('TOKEN_REFUSED', { reason: `it has more than ${scopesMax} scopes` });
  return Object.freeze({ customerId: sub, scopes: new Set(scopes), expiresAtMs: (exp ?? 0) * 1000 });
}

function tokenError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) return appError('TOKEN_EXPIRED', {}, { cause: error });
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return appError('TOKEN_MALFORMED', { reason: error.message }, { cause: error });
  }
  if (error instanceof errors.JOSEError)
    return appError('TOKEN_REFUSED', { reason: error.message }, { cause: error });
  // WebCrypto and the base64 decoder throw errors of their own on bytes that make no sense.
  return appError('TOKEN_MALFORMED', { reason: 'its bytes make no sense' }, { cause: error });
}
