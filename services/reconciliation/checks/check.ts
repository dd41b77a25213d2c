/** The interface of a check, which searches for some kinds of differences. */

import type { FindingKind } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';

/** An open difference in the findings table. */
export interface OpenFinding {
  kind: FindingKind;
  subject: string;
  /** The expected value, as text. */
  expected: string;
}

/** The results of a round besides the differences. */
export interface Seen {
  /** Open findings that this round could not check: they do not change. */
  unsure?(finding: OpenFinding): boolean;
  /** Whether the round may have left out differences of this kind, so that their number is unknown. */
  isPartial?(kind: FindingKind): boolean;
  /** Called once the differences are stored. Differences that are met only once can then be dropped. */
  whenKept?(): void;
}

export interface Check {
  name: string;
  kinds: readonly FindingKind[];
  /**
   * Runs one round, checks also the open findings of its kinds, and adds differences to `tally`. Throws the
   * errors of its sources; a round that throws has no result.
   */
  run(open: readonly OpenFinding[], tally: Tally, signal: AbortSignal): Promise<Seen>;
}
