/**
 * Why a lane does not continue. A lane can wait at several stages at once. Claiming, deciding and publishing are retried
 * automatically, and their wait ends with the first success. Only `stopped` needs an operator.
 */

/** A shorter wait is an ordinary retry. */
const shownAfterMs = 3_000;

/** The stage that waits: claiming the lane, deciding its next record, publishing its outcomes, or all of them. */
export type WaitPlace = 'claim' | 'decide' | 'publish' | 'stopped';
export const waitPlaces: readonly WaitPlace[] = ['claim', 'decide', 'publish', 'stopped'];

export interface LaneWait {
  readonly place: WaitPlace;
  /** What is missing, as a sentence without a full stop. */
  readonly why: string;
  /** Whether a retry is unlikely to help, so that an operator must act. The lane retries all the same. */
  readonly needsOperator: boolean;
  /** When it began, by the monotonic clock of this process. */
  readonly sinceMs: number;
  /** Number of failed tries, this one included. */
  readonly tries: number;
}

export class LaneWaits {
  readonly #waits = new Map<WaitPlace, LaneWait>();

  /** Counts one more failed try at this stage, and returns the wait. */
  begin(place: WaitPlace, why: string, needsOperator = false): LaneWait {
    const before = this.#waits.get(place);
    const wait: LaneWait = {
      place,
      why,
      needsOperator,
      sinceMs: before?.sinceMs ?? performance.now(),
      tries: (before?.tries ?? 0) + 1,
    };
    this.#waits.set(place, wait);
    return wait;
  }

  /** The stage continues. */
  end(place: WaitPlace): void {
    this.#waits.delete(place);
  }

  clear(): void {
    this.#waits.clear();
  }

  at(place: WaitPlace): LaneWait | null {
    return this.#waits.get(place) ?? null;
  }

  /** The wait to report: one that needs an operator first, then the one that began first; null if nothing waits. */
  get current(): LaneWait | null {
    const waits = [...this.#waits.values()];
    waits.sort((a, b) => Number(b.needsOperator) - Number(a.needsOperator) || a.sinceMs - b.sinceMs);
    return waits[0] ?? null;
  }
}

/** The wait if it is worth showing, else null. */
export function shownWait(wait: LaneWait | null): LaneWait | null {
  if (wait === null || wait.place === 'stopped') return wait;
  return performance.now() - wait.sinceMs >= shownAfterMs ? wait : null;
}
