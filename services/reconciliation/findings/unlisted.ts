/** The finding that says how many differences of a kind do not fit in the table. */

import { type FindingKind, isLasting } from './finding-kinds.ts';
import type { StoredFinding } from './table.ts';
import type { Tally } from './tally.ts';

interface Limits {
  /** Findings of the kind in the table, after this round. */
  listed: number;
  perKindMax: number;
  /** The round may have left some out, so it does not prove that none is left. */
  isPartial: boolean;
}

/**
 * The finding for one kind after one round, and the number of differences that it represents; a null finding
 * closes the previous one. Differences that no later round sees are added up, and their finding stays until a
 * person resolves it.
 */
export function unlistedOf(
  kind: FindingKind,
  tally: Tally,
  { listed, perKindMax, isPartial }: Limits,
  before: StoredFinding | undefined,
): { finding: StoredFinding | null; count: number } {
  const known = before === undefined ? 0 : unlistedIn(before);
  const dropped = tally.found(kind) - tally.keptOf(kind);
  if (isLasting(kind)) return resultOf(kind, known + dropped, perKindMax);
  // The kept ones may still be in flight. While there is room in the table, the next round takes others.
  const now = listed >= perKindMax ? dropped : 0;
  return resultOf(kind, isPartial || outlivesRestart(kind) ? Math.max(known, now) : now, perKindMax);
}

/**
 * After a restart, outcomes that were never named are not searched again. So their count must not end by
 * itself.
 */
function outlivesRestart(kind: FindingKind): boolean {
  return kind === 'OUTCOME_MISSING';
}

function resultOf(
  kind: FindingKind,
  count: number,
  perKindMax: number,
): { finding: StoredFinding | null; count: number } {
  if (count === 0) return { finding: null, count };
  return {
    count,
    finding: {
      kind: 'FINDINGS_UNLISTED',
      subject: kind,
      expected: `at most ${perKindMax} of a kind`,
      actual: JSON.stringify({ unlisted: count }),
    },
  };
}

/** 0 if this version does not write such a text. */
function unlistedIn({ actual }: StoredFinding): number {
  try {
    const { unlisted } = JSON.parse(actual) as { unlisted?: unknown };
    return typeof unlisted === 'number' && Number.isSafeInteger(unlisted) ? unlisted : 0;
  } catch {
    // Written by hand, or by another version.
    return 0;
  }
}
