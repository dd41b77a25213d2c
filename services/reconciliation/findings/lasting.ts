/** Keeps differences that the service sees only once, while following. It keeps them until they are in the table. */
import type { Difference, FindingKind } from './finding-kinds.ts';
import type { Tally } from './tally.ts';

export interface Lasting {
  add(difference: Difference): void;
  /**
   * Adds all differences to a tally. Call the returned function once they are stored. It drops these differences,
   * but no later ones.
   */
  addTo(tally: Tally): () => void;
}

/** Maximum differences kept between two rounds. Further differences are only counted. */
const keptMax = 1_000;

export function createLasting(): Lasting {
  let kept: Difference[] = [];
  const unnamed = new Map<FindingKind, number>();

  return {
    add(difference) {
      const { kind } = difference;
      if (kept.length < keptMax) kept.push(difference);
      else unnamed.set(kind, (unnamed.get(kind) ?? 0) + 1);
    },
    addTo(tally) {
      const added = kept.length;
      const counted = new Map(unnamed);
      for (const difference of kept) tally.add(difference);
      for (const [kind, count] of counted) tally.addUnnamed(kind, count);
      return () => {
        kept = kept.slice(added);
        for (const [kind, count] of counted) unnamed.set(kind, (unnamed.get(kind) ?? 0) - count);
      };
    },
  };
}
