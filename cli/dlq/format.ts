/** Dead letters and plans as text. */
import { count, table } from '../output.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { HeldBack, RedrivePlan } from './plan.ts';
import type { RedriveResult } from './redrive.ts';

export interface ReasonCount {
  reason: string;
  status: string;
  letters: number;
}

const HELD_SHOWN_MAX = 50;

/** One line per dead letter, followed by its audit lines, and the counts by reason at the end. */
export function formatDeadLetters(
  deadLetters: readonly DeadLetter[],
  counts: readonly ReasonCount[],
): string {
  const total = counts.reduce((sum, { letters: n }) => sum + n, 0);
  const lines = deadLetters.length === 0 ? [] : table([HEAD, ...deadLetters.map(cellsOf)]).split('\n');
  const shown = lines.flatMap((line, index) => [line, ...auditOf(deadLetters[index - 1])]);
  const more =
    total > deadLetters.length ? [`… and ${count(total - deadLetters.length)} more; see --max`] : [];
  return [...shown, ...more, '', formatCounts(counts)].join('\n');
}

/**
 * The text for an empty result. `all` are the counts without a filter, so that a misspelt reason does not look like
 * an empty table.
 */
export function formatNoneFits(all: readonly ReasonCount[]): string {
  return all.length === 0
    ? 'no dead letters'
    : `no dead letter matches; in total there are ${formatCounts(all)}`;
}

/** `12 dead letters: BAD_MAGIC 7 open, 5 redriven` */
function formatCounts(counts: readonly ReasonCount[]): string {
  const total = counts.reduce((sum, { letters }) => sum + letters, 0);
  const parts = counts.map(
    ({ reason, status, letters }) => `${reason} ${count(letters)} ${status.toLowerCase()}`,
  );
  return `${plural(total, 'dead letter')}: ${parts.join(', ')}`;
}

const HEAD = ['position', 'reason', 'attempts', 'first failed', 'status', 'order', 'message'];

function cellsOf(deadLetter: DeadLetter): string[] {
  const { position, reason, attempts, firstFailedAtMs, status, orderId, message } = deadLetter;
  return [position, reason, String(attempts), time(firstFailedAtMs), status, orderId ?? '-', message];
}

function auditOf(deadLetter: DeadLetter | undefined): string[] {
  return (deadLetter?.audit ?? []).map(
    ({ action, actor, detail, note, atMs }) =>
      `    ${time(atMs)} ${action} by ${actor}: ${detail}${note === undefined ? '' : ` (${note})`}`,
  );
}

/** The effect of a redrive: first the counts, then the dead letters that are held back. */
export function formatPlan({ send, held }: RedrivePlan): string {
  const passing = send.filter(({ judgement }) => judgement.verdict === 'pass').length;
  const others = send.length - passing;
  const sums = [`${count(passing)} would now pass`];
  if (others > 0) sums.push(`${count(others)} more would be tried`);
  if (held.length > 0) sums.push(`${count(held.length)} held back (${formatHeldSums(held)})`);
  return [sums.join(', '), ...formatHeld(held)].join('\n');
}

export function formatResult(result: RedriveResult, held: readonly HeldBack[]): string {
  const back = [...held, ...result.failed];
  const sums = [`${count(result.sent.length)} sent`];
  if (back.length > 0) sums.push(`${count(back.length)} held back (${formatHeldSums(back)})`);
  return [sums.join(', '), ...formatHeld(back)].join('\n');
}

function formatHeld(held: readonly HeldBack[]): string[] {
  const rows = held
    .slice(0, HELD_SHOWN_MAX)
    .map(({ deadLetter, code, why }) => [deadLetter.position, code, why]);
  const more = held.length > rows.length ? [`… and ${count(held.length - rows.length)} more`] : [];
  return rows.length === 0 ? [] : [table(rows), ...more];
}

function formatHeldSums(held: readonly HeldBack[]): string {
  const sums = [...Map.groupBy(held, ({ code }) => code)].map(([code, of]) => [code, of.length] as const);
  return sums
    .toSorted((a, b) => b[1] - a[1])
    .map(([code, n]) => `${code} ${count(n)}`)
    .join(', ');
}

function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

function time(ms: number): string {
  // The timestamp of a record may be any 64-bit number.
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
