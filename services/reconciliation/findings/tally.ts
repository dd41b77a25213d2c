/**
 * The differences of one round of a check. It counts all differences, but keeps only a limited number of each kind.
 * So no kind uses the room of another. It always keeps open findings, so that the limit never closes a finding.
 */
import { createHash } from 'node:crypto';
import { type Difference, type FindingKind, keyOf } from './finding-kinds.ts';

export interface Tally {
  /** Maximum kept differences of one kind. */
  readonly keptMax: number;
  /** Counts one difference, and keeps it if there is room. A duplicate of kind and subject is ignored. */
  add(difference: Difference): void;
  /** Counts differences without a known subject. */
  addUnnamed(kind: FindingKind, count: number): void;
  kept(): Difference[];
  /** Number of differences of this kind, also if they were not kept. */
  found(kind: FindingKind): number;
  keptOf(kind: FindingKind): number;
}

/**
 * @param open findings of the check that are in the table
 * @param keptMax differences of one kind, including those of open findings
 */
export function createTally(open: readonly Pick<Difference, 'kind' | 'subject'>[], keptMax: number): Tally {
  const openKeys = new Set(open.map(keyOf));
  const room = new Map<FindingKind, number>();
  for (const { kind } of open) room.set(kind, (room.get(kind) ?? keptMax) - 1);
  const kept = new Map<string, Difference>();
  const found = new Map<FindingKind, number>();
  const keptOf = new Map<FindingKind, number>();
  const count = (counts: Map<FindingKind, number>, kind: FindingKind, by: number): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + by);
  };
  const hasRoom = (kind: FindingKind, key: string): boolean => {
    if (openKeys.has(key)) return true;
    const left = room.get(kind) ?? keptMax;
    if (left <= 0) return false;
    room.set(kind, left - 1);
    return true;
  };

  return {
    keptMax,
    add(difference) {
      const { kind } = difference;
      const one = { ...difference, subject: storable(difference.subject) };
      const key = keyOf(one);
      if (kept.has(key)) return;
      count(found, kind, 1);
      if (!hasRoom(kind, key)) return;
      count(keptOf, kind, 1);
      kept.set(key, one);
    },
    addUnnamed: (kind, by) => count(found, kind, Math.max(0, by)),
    kept: () => [...kept.values()],
    found: (kind) => found.get(kind) ?? 0,
    keptOf: (kind) => keptOf.get(kind) ?? 0,
  };
}

const subjectCharsMax = 160;
const digestChars = 16;

/** Subjects are printable ASCII up to the column width, but a foreign record may contain any text. */
function storable(subject: string): string {
  if (subject.length <= subjectCharsMax && /^[ -~]*$/.test(subject)) return subject;
  const digest = createHash('sha256').update(subject).digest('hex').slice(0, digestChars);
  const start = subject.slice(0, subjectCharsMax - digestChars - 1).replace(/[^ -~]/g, '?');
  return `${start}~${digest}`;
}
