/**
 * Decides how soon a refusal is sent. A refusal is cheap, but a client that retries at once can still fill the
 * event loop with refusals. So the first refusals are sent at once. If the caller continues, later refusals are
 * delayed more and more. A client that waits for each response then also sends its next request later.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import { createBoundedMap } from '../common/bounded-map.ts';

export interface Refusals {
  /** Counts one more refusal of the caller. Returns its delay in ms; 0 sends it at once. */
  delayMs(callerId: string): number;
}

export interface RefusalLimits {
  /** Maximum number of refusals of one caller that are sent at once. */
  readonly atOnceMax: number;
  /** Further refusals of one caller per second. */
  readonly perSecond: number;
  readonly delayMsMax: number;
}

interface Sent {
  count: number;
  atMs: number;
}

const callersMax = 20_000;

export function createRefusals(limits: RefusalLimits, clock: Pick<Clock, 'monotonicMs'>): Refusals {
  const sentTo = createBoundedMap<string, Sent>(callersMax);
  // At this count the delay reaches `delayMsMax`.
  const countMax = limits.atOnceMax + (limits.perSecond * limits.delayMsMax) / 1000;
  return {
    delayMs(callerId) {
      const nowMs = clock.monotonicMs();
      const sent = sentTo.get(callerId) ?? { count: 0, atMs: nowMs };
      const left = Math.max(0, sent.count - ((nowMs - sent.atMs) * limits.perSecond) / 1000);
      sent.count = Math.min(countMax, left + 1);
      sent.atMs = nowMs;
      sentTo.set(callerId, sent);
      return Math.max(0, Math.ceil(((sent.count - limits.atOnceMax) * 1000) / limits.perSecond));
    },
  };
}
