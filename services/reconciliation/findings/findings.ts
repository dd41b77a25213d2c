/**
 * The findings table and its changes. A difference is one row, by kind and subject. The service opens it when it
 * first sees the difference, and refreshes it while the difference lasts. It closes the row when a round could see
 * the difference but does not. If the difference returns, the service opens the row again. A person may resolve a
 * finding (status RESOLVED). After that, only kinds that can heal are reopened.
 */
import type { Clock } from '../../shared/clock/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { OpenFinding, Seen } from '../checks/check.ts';
import { type Difference, type FindingKind, findingKinds, isLasting, keyOf, kinds } from './finding-kinds.ts';
import { readOpen, type StoredFinding, writeClosed, writeOpen } from './table.ts';
import type { Tally } from './tally.ts';
import { unlistedOf } from './unlisted.ts';

const sideCharsMax = 4_000;

/** One change in its published form. */
export interface FindingChange {
  status: 'OPEN' | 'CLOSED';
  kind: FindingKind;
  subject: string;
  expected: string;
  actual: string;
  remedy: string;
  at: string;
}

export interface Findings {
  /** Reads the table again, because a person may have resolved findings. */
  reload(): Promise<void>;
  /** Open findings of these kinds. */
  open(kindsWanted: readonly FindingKind[]): OpenFinding[];
  /**
   * Stores one round of a check. Opens or refreshes `confirmed`. Closes findings that the round checked and did not
   * see. An unconfirmed difference keeps its open finding open. A separate finding counts the differences without
   * room.
   */
  apply(
    kindsLooked: readonly FindingKind[],
    round: Seen & { tally: Tally },
    confirmed: readonly Difference[],
  ): Promise<FindingChange[]>;
}

/** Reads the open findings. */
export async function openFindings(deps: {
  mysql: Queryable;
  clock: Clock;
  metrics: Metrics;
  /** Maximum number of findings of one kind in the table. */
  perKindMax: number;
}): Promise<Findings> {
  const { mysql, clock, metrics, perKindMax } = deps;
  let open = new Map<string, StoredFinding>();
  for (const kind of findingKinds) metrics.zero('reconciliation_findings_total', { kind });
  const reload = async (): Promise<void> => {
    open = new Map((await readOpen(mysql)).map((finding) => [keyOf(finding), finding]));
    showOpen(metrics, open);
  };
  await reload();

  const changeOf = (status: FindingChange['status'], finding: StoredFinding): FindingChange => ({
    status,
    kind: finding.kind,
    subject: finding.subject,
    expected: finding.expected,
    actual: finding.actual,
    remedy: kinds[finding.kind].remedy,
    at: new Date(clock.nowMs()).toISOString(),
  });

  const write = async (opening: readonly StoredFinding[], closing: readonly StoredFinding[]) => {
    const opened = opening.filter((one) => !open.has(keyOf(one)));
    const nowMs = clock.nowMs();
    await writeOpen(mysql, opening, nowMs);
    await writeClosed(mysql, closing, nowMs);
    for (const { kind } of opened) metrics.inc('reconciliation_findings_total', { kind });
    for (const one of opening) open.set(keyOf(one), one);
    for (const one of closing) open.delete(keyOf(one));
    return [...opened.map((one) => changeOf('OPEN', one)), ...closing.map((one) => changeOf('CLOSED', one))];
  };

  return {
    reload,
    open: (wanted) => [...open.values()].filter((finding) => wanted.includes(finding.kind)),

    async apply(looked, { tally, unsure, isPartial }, confirmed) {
      const seen = new Set(tally.kept().map(keyOf));
      const gone = [...open.values()].filter(
        (finding) =>
          looked.includes(finding.kind) &&
          !isLasting(finding.kind) &&
          !seen.has(keyOf(finding)) &&
          !unsure?.(finding),
      );
      const changes = await write(confirmed.map(shortened), gone);
      const opening: StoredFinding[] = [];
      const closing: StoredFinding[] = [];
      for (const kind of looked) {
        const listed = [...open.values()].reduce((sum, one) => sum + (one.kind === kind ? 1 : 0), 0);
        const before = open.get(keyOf({ kind: 'FINDINGS_UNLISTED', subject: kind }));
        const limits = { listed, perKindMax, isPartial: isPartial?.(kind) === true };
        const { finding, count } = unlistedOf(kind, tally, limits, before);
        metrics.set('reconciliation_findings_unlisted', count, { kind });
        if (finding !== null) opening.push(finding);
        else if (before !== undefined) closing.push(before);
      }
      changes.push(...(await write(opening, closing)));
      showOpen(metrics, open);
      return changes;
    },
  };
}

function shortened({ kind, subject, expected, actual }: Difference): StoredFinding {
  return {
    kind,
    subject,
    expected: expected.slice(0, sideCharsMax),
    actual: actual.slice(0, sideCharsMax),
  };
}

function showOpen(metrics: Metrics, open: ReadonlyMap<string, OpenFinding>): void {
  const counts = new Map<FindingKind, number>();
  for (const { kind } of open.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const kind of findingKinds)
    metrics.set('reconciliation_findings_open', counts.get(kind) ?? 0, { kind });
}
