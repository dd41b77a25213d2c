import { performance } from 'node:perf_hooks';
import type { Token } from './token.ts';

/** A token is replaced after this part of its lifetime, so that a slow login never sends an expired one. */
const usedPart = 0.8;

/**
 * Keeps a token until 80 % of its lifetime is over. Callers at the same time share one request. If a new token cannot
 * be had, the old one serves until it expires. After that, the error of `fetchNew` reaches the caller. A token without a
 * lifetime is not kept.
 */
export function createTokenCache(
  fetchNew: () => Promise<Token>,
  nowMs: () => number = () => performance.now(),
): () => Promise<string> {
  let kept: { value: string; renewAtMs: number; expiresAtMs: number } | null = null;
  let underWay: Promise<string> | null = null;

  const renew = async (): Promise<string> => {
    const requestedAtMs = nowMs();
    try {
      const { value, lifetimeMs } = await fetchNew();
      kept =
        lifetimeMs === null
          ? null
          : {
              value,
              renewAtMs: requestedAtMs + lifetimeMs * usedPart,
              expiresAtMs: requestedAtMs + lifetimeMs,
            };
      return value;
    } catch (error) {
      if (kept !== null && nowMs() < kept.expiresAtMs) return kept.value;
      throw error;
    }
  };

  return () => {
    if (kept !== null && nowMs() < kept.renewAtMs) return Promise.resolve(kept.value);
    underWay ??= renew().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
