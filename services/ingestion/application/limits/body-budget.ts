/**
 * Limits for bodies that are being received. A caller may have only a share of the bytes that are in transit. It
 * also has a budget for wasted bytes: bodies that are cut off or refused. The service checks both limits before it
 * reads the first byte.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import { createBoundedMap } from '../common/bounded-map.ts';
import { createCallerSlots } from './caller-slots.ts';

type BodyRefusal = 'receiving' | 'wasted';

export interface Bodies {
  /** Null if the body may be received, otherwise the reason. Each null requires a later call of `end`. */
  begin(callerId: string, bytes: number): BodyRefusal | null;
  /** The response is sent or the connection is closed. `isWasted`: the bytes had no effect. */
  end(callerId: string, bytes: number, isWasted: boolean): void;
}

export interface BodyLimits {
  /** Limit of all callers together. */
  readonly receivingBytesMax: number;
  /** Limits of one caller: its budget for wasted bytes, and the bytes that the budget regains per second. */
  readonly wastedBytesMax: number;
  readonly wastedBytesPerSecond: number;
}

interface Waste {
  bytes: number;
  atMs: number;
}

const callersMax = 20_000;

export function createBodies(limits: BodyLimits, clock: Pick<Clock, 'monotonicMs'>): Bodies {
  const receiving = createCallerSlots(limits.receivingBytesMax);
  const wastes = createBoundedMap<string, Waste>(callersMax);

  /** The bytes that the caller wasted, minus the decay over time. */
  const wasteOf = (callerId: string): Waste => {
    const nowMs = clock.monotonicMs();
    const wasted = wastes.get(callerId) ?? { bytes: 0, atMs: nowMs };
    const forgiven = ((nowMs - wasted.atMs) * limits.wastedBytesPerSecond) / 1000;
    wasted.bytes = Math.max(0, wasted.bytes - forgiven);
    wasted.atMs = nowMs;
    return wasted;
  };

  const waste = (callerId: string, bytes: number): void => {
    const wasted = wasteOf(callerId);
    // The count stops at twice the budget, so the caller waits a bounded time for its next body.
    wasted.bytes = Math.min(2 * limits.wastedBytesMax, wasted.bytes + bytes);
    wastes.set(callerId, wasted);
  };

  return {
    begin(callerId, bytes) {
      if (wastes.get(callerId) !== undefined && wasteOf(callerId).bytes > limits.wastedBytesMax)
        return 'wasted';
      if (receiving.take(callerId, bytes) === null) return null;
      waste(callerId, bytes);
      return 'receiving';
    },
    end(callerId, bytes, isWasted) {
      receiving.give(callerId, bytes);
      if (isWasted) waste(callerId, bytes);
    },
  };
}
