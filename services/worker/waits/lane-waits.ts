/**
 * Why a lane does not go on. A lane can be held up at several places at once. Claiming, deciding and publishing are tried
 * again by themselves, and their wait ends with the first try that succeeds; only `stopped` needs a person.
 */

/** A wait that is shorter is what every retry looks like. */
const shownAfterMs = 3_000;

/** What cannot go on: taking the lane over, deciding its next record, publishing what is decided, or all of it. */
export type WaitPlace = 'claim' | 'decide' | 'publish' | 'stopped';
export const waitPlaces: readonly WaitPlace[] = ['claim', 'decide', 'publish', 'stopped'];

export interface Wait {
  readonly place: WaitPlace;
  /** What is missing, as a sentence without a full stop. */
  readonly why: string;
  /** Whether trying again is unlikely to help: a person has to look. The lane tries again all the same. */
  readonly needsOperator: boolean;
  /** When it began, by the monotonic clock of this process. */
  readonly sinceMs: number;
  /** How often it was tried in vain, this time included. */
  readonly tries: number;
}

export class LaneWaits {
  readonly #waits = new Map<WaitPlace, Wait>();

  /** Notes one more failed try at this place, and returns the wait. */
  begin(place: WaitPlace, why: string, needsOperator = false): Wait {
    const before = this.#waits.get(place);
    const wait: Wait = {
      place,
      why,
      needsOperator,
      sinceMs: before?.sinceMs ?? performance.now(),
      tries: (before?.tries ?? 0) + 1,
    };
    this.#waits.set(place, wait);
    return wait;
  }

  /** The place goes on. */
  end(place: WaitPlace): void {
    this.#waits.delete(place);
  }

  clear(): void {
    this.#waits.clear();
  }

  at(place: WaitPlace): Wait | null {
    return this.#waits.get(place) ?? null;
  }

  /** The wait to report: one that needs a person first, then the one that began first; null when nothing waits. */
  get current(): Wait | null {
    const waits = [...this.#waits.values()];
    waits.sort((a, b) => Number(b.needsOperator) - Number(a.needsOperator) || a.sinceMs - b.sinceMs);
    return waits[0] ?? null;
  }
}

/** The wait if it is worth showing, else null. */
export function shownWait(wait: Wait | null): Wait | null {
  if (wait === null || wait.place === 'stopped') return wait;
  return performance.now() - wait.sinceMs >= shownAfterMs ? wait : null;
}
