/**
 * The reasons why a lane does not continue. A lane can wait at several stages at the same time. The worker retries
 * the claim, the decision and the publication. The wait of a stage ends with its first success. A lane at `stopped`
 * always needs an operator.
 */

/** A shorter wait is an ordinary retry and is not reported. */
const shownAfterMs = 3_000;

/**
 * The stage that waits: claiming the lane, deciding its next record, or publishing its outcomes. `stopped` means all
 * stages.
 */
export type WaitPlace = 'claim' | 'decide' | 'publish' | 'stopped';
export const waitPlaces: readonly WaitPlace[] = ['claim', 'decide', 'publish', 'stopped'];

export interface LaneWait {
  readonly place: WaitPlace;
  /** The reason for the wait, as a sentence without a full stop. */
  readonly why: string;
  /** Whether an operator must act, because a retry is unlikely to help. The lane still retries. */
  readonly needsOperator: boolean;
  /** Start of the wait, by the monotonic clock of this process, in ms. */
  readonly sinceMs: number;
  /** Number of failed tries so far. */
  readonly tries: number;
}

export class LaneWaits {
  readonly #waits = new Map<WaitPlace, LaneWait>();

  /** Counts a failed try at this stage. Returns the wait. */
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

  /** Ends the wait of a stage that continues. */
  end(place: WaitPlace): void {
    this.#waits.delete(place);
  }

  clear(): void {
    this.#waits.clear();
  }

  at(place: WaitPlace): LaneWait | null {
    return this.#waits.get(place) ?? null;
  }

  /** The wait to report; null if no stage waits. A wait that needs an operator comes first, then the oldest wait. */
  get current(): LaneWait | null {
    const waits = [...this.#waits.values()];
    waits.sort((a, b) => Number(b.needsOperator) - Number(a.needsOperator) || a.sinceMs - b.sinceMs);
    return waits[0] ?? null;
  }
}

/** The wait if it is long enough to report or the lane is stopped, else null. */
export function shownWait(wait: LaneWait | null): LaneWait | null {
  if (wait === null || wait.place === 'stopped') return wait;
  return performance.now() - wait.sinceMs >= shownAfterMs ? wait : null;
}
