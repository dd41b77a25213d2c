/**
 * The results of a file of orders. The totals depend only on the file. The order of requests, the speed of
 * partitions and earlier runs do not change them.
 */
import { count, table } from '../output.ts';
import type { OrderResource } from './order-api.ts';

export interface SendSummary {
  /** Number of lines that contain an order. */
  lines: number;
  badLines: { line: number; problem: string }[];
  /** Number of lines that the API accepted, for the first time or as a repeat. */
  accepted: number;
  /** Accepted lines that the API already knew (`Idempotent-Replayed`). */
  replayed: number;
  /** Number of lines whose key belongs to an order with another body. */
  keyConflicts: number;
  /** Lines that the API refused before it produced a command, by problem code. */
  refused: Record<string, number>;
  refusedLines: { line: number; status: number; code: string; detail: string }[];
  /** Distinct orders that were accepted. */
  orders: number;
  /** Number of lines that repeat an accepted order of this file. */
  repeats: number;
  /** Number of distinct orders by status. */
  statuses: Record<string, number>;
  /** Number of distinct orders with status REJECTED, by reason code. */
  rejections: Record<string, number>;
  /** Accepted orders with an unknown outcome, and lines without a final response. */
  missing: { line: number; why: string }[];
  elapsedMs: number;
}

/** The expected totals of a file of orders, for example `samples/expected.json`. */
export interface ExpectedTotals {
  lines: number;
  orders: number;
  repeats: number;
  keyConflicts: number;
  /** Distinct orders with any status except REJECTED. */
  accepted: number;
  rejections: Record<string, number>;
}

/** An accepted order. Its outcome is null while it is unknown. */
export interface CountedOrder {
  id: string;
  line: number;
  /** The contents of each accepted line with this id. */
  asked: { line: number; signature: string }[];
  outcome: OrderResource | null;
  lastWhy: string;
}

const PROBLEMS_SHOWN_MAX = 20;

/** The totals before the first request. */
export function emptySummary(): SendSummary {
  return {
    lines: 0,
    badLines: [],
    accepted: 0,
    replayed: 0,
    keyConflicts: 0,
    refused: {},
    refusedLines: [],
    orders: 0,
    repeats: 0,
    statuses: {},
    rejections: {},
    missing: [],
    elapsedMs: 0,
  };
}

/** Adds one order to the totals. A line whose contents differ from the order with its key is a conflict. */
export function countOrder(summary: SendSummary, order: CountedOrder): void {
  if (order.outcome === null) {
    summary.missing.push({ line: order.line, why: `order ${order.id}: ${order.lastWhy}` });
    return;
  }
  const { status } = order.outcome;
  summary.statuses[status] = (summary.statuses[status] ?? 0) + 1;
  if (status === 'REJECTED') {
    const code = ('reason' in order.outcome ? order.outcome.reason?.code : undefined) ?? 'without a reason';
    summary.rejections[code] = (summary.rejections[code] ?? 0) + 1;
  }
  const actual = 'items' in order.outcome ? signatureOf(order.outcome) : '';
  const conflicts = actual === '' ? 0 : order.asked.filter(({ signature }) => signature !== actual).length;
  summary.keyConflicts += conflicts;
  summary.repeats += Math.max(order.asked.length - conflicts - 1, 0);
}

/** Currency, SKUs and quantities, to compare an order with a line. Empty if the items are unknown. */
export function signatureOf(order: { currency?: unknown; items?: unknown }): string {
  if (!Array.isArray(order.items) || order.items.length === 0) return '';
  const items = order.items as { sku?: unknown; quantity?: unknown }[];
  return `${order.currency} ${items.map(({ sku, quantity }) => `${sku}*${quantity}`).join(' ')}`;
}

/** True if there are no bad lines, and every line and every accepted order has its result. */
export function isComplete(summary: SendSummary): boolean {
  return summary.missing.length === 0 && summary.badLines.length === 0;
}

/** Each total that differs, as a sentence. Empty if all totals agree. */
export function differences(summary: SendSummary, expected: ExpectedTotals): string[] {
  const found: string[] = [];
  const compare = (what: string, actual: number, wanted: number) => {
    if (actual !== wanted) found.push(`${what}: expected ${count(wanted)}, found ${count(actual)}`);
  };
  compare('lines', summary.lines, expected.lines);
  compare('orders', summary.orders, expected.orders);
  compare('repeats', summary.repeats, expected.repeats);
  compare('key conflicts', summary.keyConflicts, expected.keyConflicts);
  compare('refused by the API', sum(summary.refused), 0);
  compare('accepted orders', sum(summary.statuses) - (summary.statuses['REJECTED'] ?? 0), expected.accepted);
  for (const code of new Set([...Object.keys(expected.rejections), ...Object.keys(summary.rejections)])) {
    compare(`rejected as ${code}`, summary.rejections[code] ?? 0, expected.rejections[code] ?? 0);
  }
  compare('missing', summary.missing.length, 0);
  return found;
}

/** The summary as a table for a terminal. */
export function summaryText(summary: SendSummary): string {
  const rows: (string | number)[][] = [
    ['sent', summary.lines],
    ['accepted', summary.accepted],
    ...byName(summary.refused).map(([code, n]) => [`refused by the API: ${code}`, n]),
    ['orders', summary.orders],
    ...byName(summary.statuses).map(([status, n]) => [`  ${status}`, n]),
    ...byName(summary.rejections).map(([code, n]) => [`    ${code}`, n]),
    ['duplicates', summary.repeats],
    ['key conflicts', summary.keyConflicts],
    ['answered as already known', summary.replayed],
    ['bad lines', summary.badLines.length],
    ['missing', summary.missing.length],
  ];
  const perSecond = Math.round(summary.lines / Math.max(summary.elapsedMs / 1000, 0.001));
  const details = [
    ...shown(
      'bad line',
      summary.badLines.map(({ line, problem }) => `line ${line}: ${problem}`),
    ),
    ...shown(
      'refused',
      summary.refusedLines.map(({ line, status, detail }) => `line ${line}: ${status} ${detail}`),
    ),
    ...shown(
      'missing',
      summary.missing.map(({ line, why }) => `line ${line}: ${why}`),
    ),
  ];
  const time = `${(summary.elapsedMs / 1000).toFixed(1)} s, ${count(perSecond)} lines/s`;
  return [table(rows), time, ...details].join('\n');
}

function shown(what: string, lines: string[]): string[] {
  const head = lines.slice(0, PROBLEMS_SHOWN_MAX).map((line) => `${what}, ${line}`);
  return lines.length > head.length
    ? [...head, `${what}: and ${count(lines.length - head.length)} more`]
    : head;
}

function byName(totals: Record<string, number>): [string, number][] {
  return Object.entries(totals).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function sum(totals: Record<string, number>): number {
  return Object.values(totals).reduce((total, n) => total + n, 0);
}
