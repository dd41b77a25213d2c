/** The form of a check: one way of looking for some kinds of differences. */

import type { FindingKind } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';

/** A difference that stands in the findings table. */
export interface OpenFinding {
  kind: FindingKind;
  subject: string;
  /** What it should have been, as text. */
  expected: string;
}

/** What a round says besides the differences. */
export interface Seen {
  /** Open findings that this round could not look at: they stay as they are. */
  unsure?(finding: OpenFinding): boolean;
  /** Whether differences of this kind may have been left out, so that their number says nothing. */
  isPartial?(kind: FindingKind): boolean;
  /** Called once the differences are stored: those that are met only once can be forgotten. */
  whenKept?(): void;
}

export interface Check {
  name: string;
  kinds: readonly FindingKind[];
  /**
   * Looks once, at the open findings of its kinds too, and adds what differs to `tally`. Throws what its sources throw; a
   * round that throws says nothing.
   */
  run(open: readonly OpenFinding[], tally: Tally, signal: AbortSignal): Promise<Seen>;
}
