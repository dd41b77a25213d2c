/** The form of a check: one way of looking for some kinds of differences. */
import type { Difference, FindingKind } from '../kinds.ts';

/** A difference that stands in the findings table. */
export interface OpenFinding {
  kind: FindingKind;
  subject: string;
  /** What it should have been, as text. */
  expected: string;
}

export interface Round {
  differences: Difference[];
  /** Open findings that this round could not look at: they stay as they are. */
  unsure?: (finding: OpenFinding) => boolean;
}

export interface Check {
  name: string;
  kinds: readonly FindingKind[];
  /** Looks once, at the open findings of its kinds too. Throws what its sources throw; a round that throws says nothing. */
  run(open: readonly OpenFinding[], signal: AbortSignal): Promise<Round>;
}
