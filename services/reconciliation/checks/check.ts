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
  /** Whether this round could not check the open finding. Such a finding does not change. */
  unsure?(finding: OpenFinding): boolean;
  /** Whether the round may have missed differences of this kind, so that their number is unknown. */
  isPartial?(kind: FindingKind): boolean;
  /** Called once the differences are stored. The check can then drop differences that it sees only once. */
  whenKept?(): void;
}

export interface Check {
  name: string;
  kinds: readonly FindingKind[];
  /**
   * Runs one round, checks also the open findings of its kinds, and adds differences to `tally`. Throws the errors
   * of its sources. A round that throws has no result.
   */
  run(open: readonly OpenFinding[], tally: Tally, signal: AbortSignal): Promise<Seen>;
}
