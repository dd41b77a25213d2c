import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { type Clock, systemClock } from '../clock/index.ts';
import { appError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';

export type Keys = { find: LocalJWKSet; kids: ReadonlySet<string>; count: number };

export type KeySet = {
  /** The keys to check a token of this `kid` with: read at first use, for an unknown kid, and when they are old. */
  keysFor(kid: string | undefined): Promise<Keys>;
};

type Deps = { source: string; log?: Logger; metrics?: Metrics; clock?: Clock };

/** An unknown kid may cause one reading in this span, whatever tokens are thrown at us. */
const reloadIntervalMs = 5000;
/** Keys are read again after this, so that a withdrawn one stops working. */
const keysMaxAgeMs = 300_000;
/** While there are no keys at all, readings are this far apart. */
const missingIntervalMs = 500;
const fetchTimeoutMs = 3000;
const bytesMax = 64 * 1024;
const keysMax = 50;

/**
 * The public keys of the issuer, from a file path or an http(s) URL. While a reading fails the last good keys stay
 * in use; without any, JWKS_UNAVAILABLE.
 */
export function createKeySet({ source, log, metrics = noMetrics, clock = systemClock }: Deps): KeySet {
  let keys: Keys | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<Keys> | undefined;

  const read = async (): Promise<Keys> => {
    readAtMs = clock.monotonicMs();
    try {
      keys = parse(await load(source));
      metrics.inc('auth_jwks_loads_total', { result: 'ok' });
      return keys;
    } catch (cause) {
      metrics.inc('auth_jwks_loads_total', { result: 'failed' });
      const error = appError('JWKS_UNAVAILABLE', { reason: errorMessage(cause) }, { cause });
      if (keys === undefined) throw error;
      log?.warn({ err: error }, 'The key set could not be read again; the last one stays in use');
      return keys;
    }
  };

  const refresh = (): Promise<Keys> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    async keysFor(kid) {
      const ageMs = clock.monotonicMs() - readAtMs;
      if (keys === undefined) {
        if (reading === undefined && ageMs < missingIntervalMs) {
          throw appError('JWKS_UNAVAILABLE', { reason: 'the last try failed a moment ago' });
        }
        return refresh();
      }
      if (kid === undefined || keys.kids.has(kid)) {
        // In the background: a slow key server must not hold up tokens whose key is known. With keys it never rejects.
        if (ageMs >= keysMaxAgeMs) void refresh();
        return keys;
      }
      return reading ?? (ageMs >= reloadIntervalMs ? refresh() : keys);
    },
  };
}

async function load(source: string): Promise<string> {
  if (!/^https?:\/\//.test(source)) return readFile(source, 'utf8');
  const response = await fetch(source, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok) throw new Error(`the key server answered ${response.status}`);
  const body = await response.bytes();
  return Buffer.from(body).toString('utf8');
}

function parse(text: string): Keys {
  if (text.length > bytesMax) throw new Error(`the key set is longer than ${bytesMax} bytes`);
  const set = JSON.parse(text) as JSONWebKeySet;
  if (!Array.isArray(set.keys) || set.keys.length === 0 || set.keys.length > keysMax) {
    throw new Error(`a key set has 1 to ${keysMax} keys`);
  }
  for (const key of set.keys) {
    // A shared secret or a private key here means that somebody publishes what must not be known.
    if (key.kty === 'oct' || 'd' in key || 'k' in key)
      throw new Error('the key set holds a key that is not public');
  }
  const kids = set.keys.flatMap((key) => (typeof key.kid === 'string' ? [key.kid] : []));
  return { find: createLocalJWKSet(set), kids: new Set(kids), count: set.keys.length };
}
