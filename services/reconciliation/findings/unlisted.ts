/** The finding with the number of differences of a kind that do not fit in the table. */

import { type FindingKind, isLasting } from './finding-kinds.ts';
import type { StoredFinding } from './table.ts';
import type { Tally } from './tally.ts';

interface Limits {
  /** Number of findings of the kind in the table, after this round. */
  listed: number;
  perKindMax: number;
  /** The round may have missed differences, so it does not prove that none is left. */
  isPartial: boolean;
}

/**
 * The finding for one kind after one round, and the number of differences that it represents. A null finding closes
 * the previous one. Differences that later rounds do not see are added up. Their finding stays open until a person
 * resolves it.
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
  // The kept differences may be in flight. While the table has room, the next round lists other differences.
  const now = listed >= perKindMax ? dropped : 0;
  return resultOf(kind, isPartial || outlivesRestart(kind) ? Math.max(known, now) : now, perKindMax);
}

/**
 * Whether the count must survive a restart. After a restart, no round searches again for outcomes that were only
 * counted.
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

/** The count in the finding, or 0 if this version does not write such a text. */
function unlistedIn({ actual }: StoredFinding): number {
  try {
    const { unlisted } = JSON.parse(actual) as { unlisted?: unknown };
    return typeof unlisted === 'number' && Number.isSafeInteger(unlisted) ? unlisted : 0;
  } catch {
    // Another version or a person wrote the text.
    return 0;
  }
}
