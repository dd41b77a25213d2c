/**
 * The findings table, and what changes in it. A difference is one row, by kind and subject: opened when it is first
 * seen, refreshed while it stands, closed by itself when a round that could see it does not, opened again when it
 * comes back. A person may resolve one (status RESOLVED); only one that can heal comes back from that.
 */
import type { Clock } from '../shared/clock/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import type { OpenFinding, Round } from './checks/check.ts';
import { type Difference, type FindingKind, findingKinds, isLasting, keyOf, kinds } from './kinds.ts';

/** Open findings that are kept in memory; a table with more is a disaster that needs no exact count. */
const openMax = 50_000;
/** Rows of one statement. */
const chunkRows = 200;
const sideCharsMax = 4_000;

/** One change, as it is published. */
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
  /** Reads the table again: a person may have resolved some. */
  reload(): Promise<void>;
  /** Findings of these kinds that stand. */
  open(kindsWanted: readonly FindingKind[]): OpenFinding[];
  /**
   * Takes in one round of a check: opens or refreshes `confirmed`, closes what the round looked at and did not see.
   * What is only suspected keeps an open finding open.
   */
  apply(
    kindsLooked: readonly FindingKind[],
    round: Round,
    confirmed: readonly Difference[],
  ): Promise<FindingChange[]>;
}

interface FindingRow {
  kind: string;
  subject: string;
  expected: string | null;
  actual: string | null;
}

/** Reads what stands already. */
export async function openFindings(deps: {
  mysql: Queryable;
  clock: Clock;
  metrics: Metrics;
}): Promise<Findings> {
  const { mysql, clock, metrics } = deps;
  let open = new Map<string, OpenFinding & { actual: string }>();
  const reload = async (): Promise<void> => {
    open = await readOpen(mysql);
    showOpen(metrics, open);
  };
  await reload();

  const changeOf = (
    status: FindingChange['status'],
    finding: OpenFinding & { actual: string },
  ): FindingChange => ({
    status,
    kind: finding.kind,
    subject: finding.subject,
    expected: finding.expected,
    actual: finding.actual,
    remedy: kinds[finding.kind].remedy,
    at: new Date(clock.nowMs()).toISOString(),
  });

  return {
    reload,
    open: (wanted) => [...open.values()].filter((finding) => wanted.includes(finding.kind)),

    async apply(looked, { differences, unsure }, confirmed) {
      const seen = new Set(differences.map(keyOf));
      const gone = [...open.values()].filter(
        (finding) =>
          looked.includes(finding.kind) &&
          !isLasting(finding.kind) &&
          !seen.has(keyOf(finding)) &&
          !unsure?.(finding),
      );
      const nowMs = clock.nowMs();
      const opened = confirmed.map(shortened).filter((one) => !open.has(keyOf(one)));
      await writeOpen(mysql, confirmed.map(shortened), nowMs);
      await writeClosed(mysql, gone, nowMs);
      for (const one of opened) metrics.inc('reconciliation_findings_total', { kind: one.kind });
      for (const one of confirmed.map(shortened)) {
        if (open.size < openMax || open.has(keyOf(one))) open.set(keyOf(one), one);
      }
      for (const finding of gone) open.delete(keyOf(finding));
      showOpen(metrics, open);
      return [
        ...opened.map((finding) => changeOf('OPEN', finding)),
        ...gone.map((finding) => changeOf('CLOSED', finding)),
      ];
    },
  };
}

async function readOpen(mysql: Queryable): Promise<Map<string, OpenFinding & { actual: string }>> {
  const rows = await mysql.rows<FindingRow>(
    `SELECT kind, subject, expected, actual FROM reconciliation_findings WHERE status = 'OPEN' LIMIT ?`,
    [openMax],
  );
  return new Map(
    rows.flatMap(({ kind, subject, expected, actual }) => {
      // A kind of another version is left to that version.
      if (!isKind(kind)) return [];
      return [[keyOf({ kind, subject }), { kind, subject, expected: expected ?? '', actual: actual ?? '' }]];
    }),
  );
}

async function writeOpen(mysql: Queryable, differences: readonly Difference[], nowMs: number): Promise<void> {
  for (let from = 0; from < differences.length; from += chunkRows) {
    const chunk = differences.slice(from, from + chunkRows);
    // Assignments run from left to right: what depends on the old status comes before the status.
    await mysql.write(
      `INSERT INTO reconciliation_findings (kind, subject, expected, actual, remedy, first_seen_at_ms, last_seen_at_ms)
       VALUES ${chunk.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE
         first_seen_at_ms = IF(status = 'OPEN', first_seen_at_ms, VALUES(first_seen_at_ms)),
         expected = VALUES(expected), actual = VALUES(actual), remedy = VALUES(remedy),
         last_seen_at_ms = VALUES(last_seen_at_ms), status = 'OPEN', closed_at_ms = NULL`,
      chunk.flatMap(({ kind, subject, expected, actual }) => [
        kind,
        subject,
        expected,
        actual,
        kinds[kind].remedy,
        nowMs,
        nowMs,
      ]),
    );
  }
}

async function writeClosed(mysql: Queryable, gone: readonly OpenFinding[], nowMs: number): Promise<void> {
  for (const { kind, subject } of gone) {
    await mysql.write(
      `UPDATE reconciliation_findings SET status = 'CLOSED', closed_at_ms = ?
       WHERE kind = ? AND subject = ? AND status = 'OPEN'`,
      [nowMs, kind, subject],
    );
  }
}

function shortened(difference: Difference): Difference {
  const { expected, actual } = difference;
  return { ...difference, expected: expected.slice(0, sideCharsMax), actual: actual.slice(0, sideCharsMax) };
}

function showOpen(metrics: Metrics, open: ReadonlyMap<string, OpenFinding>): void {
  const counts = Map.groupBy(open.values(), (finding) => finding.kind);
  for (const kind of findingKinds)
    metrics.set('reconciliation_findings_open', counts.get(kind)?.length ?? 0, { kind });
}

function isKind(kind: string): kind is FindingKind {
  return kind in kinds;
}
