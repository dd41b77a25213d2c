/** The table at the end of a run, and whether the run is good. */
import { count, table } from '../../cli/output.ts';
import type { Outcomes } from './outcomes.ts';
import type { Latencies, Tally } from './tally.ts';

export interface Report {
  readonly scenario: string;
  readonly seed: number;
  /** The prefix of all idempotency keys of the run. */
  readonly keyPrefix: string;
  /** Time from the first due time to the last answer. */
  readonly seconds: number;
  /** The user ended the load before its time. */
  readonly isInterrupted: boolean;
  readonly tally: Tally;
  readonly outcomes: Outcomes;
  /** Why the run ended before its time, as a sentence; null if it did not. */
  readonly endedBecause: string | null;
}

const missingShownMax = 100;

/** True if every accepted order has an outcome, no unexpected answer came, and no fault ended the run. */
export function isGood({ tally, outcomes, endedBecause }: Report): boolean {
  return (
    tally.errors === 0 && tally.unanswered === 0 && outcomes.missing.length === 0 && endedBecause === null
  );
}

/** The report as text, with a line of the result at its end. */
export function reportText(report: Report): string {
  const { tally, outcomes, seconds, isInterrupted } = report;
  return [
    ...missingLines(outcomes),
    `${report.scenario}, ${seconds.toFixed(1)} s${isInterrupted ? ' (interrupted)' : ''}, seed ${report.seed}, keys ${report.keyPrefix}…`,
    '',
    table([...requestRows(tally), ...orderRows(tally, seconds), ...outcomeRows(outcomes)]),
    '',
    table(latencyRows(tally)),
    '',
    resultOf(report),
  ].join('\n');
}

type Row = (string | number)[];

function requestRows({ requests, retries, answers }: Tally): Row[] {
  return [
    ['requests', requests],
    ...byName(answers).map(([label, n]): Row => [`  ${label}`, n]),
    ['  of these sent again with the same keys', retries],
  ];
}

function orderRows({ asked, accepted, refused, unanswered, notSent }: Tally, seconds: number): Row[] {
  return [
    ['orders', asked],
    ['  accepted', accepted],
    ['  accepted per second', Math.round(accepted / Math.max(seconds, 0.001))],
    ...byName(refused).map(([label, n]): Row => [`  refused with ${label}`, n]),
    ['  without an answer', unanswered],
    ['  not sent', notSent],
  ];
}

function outcomeRows({ statuses, reasons, missing }: Outcomes): Row[] {
  return [
    ['outcomes', [...statuses.values()].reduce((sum, n) => sum + n, 0)],
    ...byName(statuses).flatMap(([status, n]): Row[] => [
      [`  ${status}`, n],
      ...(status === 'REJECTED' ? byName(reasons).map(([code, m]): Row => [`    ${code}`, m]) : []),
    ]),
    ['  missing', missing.length],
  ];
}

function latencyRows({ latency, outcomeLatency }: Tally): Row[] {
  return [
    ['ms since the due time', 'p50', 'p95', 'p99', 'max', ''],
    latencyRow('until the order was accepted', latency, 'requests'),
    latencyRow('until the outcome', outcomeLatency, 'sampled orders'),
  ];
}

function latencyRow(name: string, latencies: Latencies, of: string): Row {
  const shown = (ms: number): string => (latencies.count === 0 ? '–' : ms.toFixed(1));
  const quantiles = [50, 95, 99].map((percent) => shown(latencies.quantile(percent)));
  return [name, ...quantiles, shown(latencies.max), `of ${count(latencies.count)} ${of}`];
}

function missingLines({ missing }: Outcomes): string[] {
  if (missing.length === 0) return [];
  const shown = missing.slice(0, missingShownMax).map(({ id, why }) => `missing: order ${id}: ${why}`);
  const rest = missing.length - shown.length;
  return [...shown, ...(rest > 0 ? [`missing: and ${count(rest)} more`] : []), ''];
}

function resultOf(report: Report): string {
  const { tally, outcomes } = report;
  if (isGood(report)) return 'Every accepted order has its outcome, and no unexpected answer came.';
  const faults = [
    outcomes.missing.length > 0
      ? `${count(outcomes.missing.length)} accepted orders have no known outcome`
      : '',
    tally.errors > 0 ? `${count(tally.errors)} answers were not expected` : '',
    tally.unanswered > 0 ? `${count(tally.unanswered)} orders have no answer and may exist` : '',
    report.endedBecause ?? '',
  ];
  return `Failed: ${faults.filter((fault) => fault !== '').join('; ')}.`;
}

function byName(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
