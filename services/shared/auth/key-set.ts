import { type Clock, systemClock } from '../clock/index.ts';
import { appError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { isUrl, loadKeys, type PublicKeys } from './key-source.ts';

export type KeySet = {
  /**
   * The keys to verify a token with this `kid`. The result is synchronous if the keys are known, otherwise a
   * promise. Rejects or throws with JWKS_UNAVAILABLE.
   */
  keysFor(kid: string | undefined): PublicKeys | Promise<PublicKeys>;
  /** Reads old keys again in the background. Call it for tokens that need no key. */
  keepFresh(): void;
};

type Deps = {
  source: string;
  /** Called when a reload found other keys than before. */
  onChange?: () => void;
  log?: Logger;
  metrics?: Metrics;
  clock?: Clock;
};

/** Unknown kids cause at most one reload in this time, however many tokens arrive. */
const reloadIntervalMs = 5000;
/** Keys are reloaded after this time, so that a withdrawn key stops working. A file costs less than a request. */
const maxAgeMs = { url: 300_000, file: 5_000 };
/** Without any keys, reloads are at least this far apart. */
const missingIntervalMs = 500;

/**
 * The issuer's public keys, from a file path or an http(s) URL. If a reload fails, the last good keys stay in
 * use. Without such keys, it is JWKS_UNAVAILABLE.
 */
export function createKeySet(deps: Deps): KeySet {
  const { source, onChange = () => undefined, log, metrics = noMetrics, clock = systemClock } = deps;
  const keysMaxAgeMs = isUrl(source) ? maxAgeMs.url : maxAgeMs.file;
  let keys: PublicKeys | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<PublicKeys> | undefined;

  const read = async (): Promise<PublicKeys> => {
    readAtMs = clock.monotonicMs();
    try {
      const loaded = await loadKeys(source, keys);
      const isChange = keys !== undefined && loaded !== keys;
      keys = loaded;
      if (isChange) onChange();
      metrics.inc('auth_jwks_loads_total', { result: 'ok' });
      return loaded;
    } catch (cause) {
      metrics.inc('auth_jwks_loads_total', { result: 'failed' });
      const error = appError('JWKS_UNAVAILABLE', { reason: errorMessage(cause) }, { cause });
      if (keys === undefined) throw error;
      log?.warn({ err: error }, 'the token verifier cannot reload the key set; it uses the previous one');
      return keys;
    }
  };

  const refresh = (): Promise<PublicKeys> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    keepFresh() {
      if (keys !== undefined && clock.monotonicMs() - readAtMs >= keysMaxAgeMs) void refresh();
    },
    keysFor(kid) {
      const ageMs = clock.monotonicMs() - readAtMs;
      if (keys === undefined) {
        if (reading === undefined && ageMs < missingIntervalMs) {
          throw appError('JWKS_UNAVAILABLE', { reason: 'the last attempt failed a moment ago' });
        }
        return refresh();
      }
      if (kid === undefined || keys.kids.has(kid)) {
        // The reload runs in the background, because a slow key server must not delay tokens whose key is
        // known. With keys it never rejects.
        if (ageMs >= keysMaxAgeMs) void refresh();
        return keys;
      }
      return reading ?? (ageMs >= reloadIntervalMs ? refresh() : keys);
    },
  };
}
