/** The range of a ledger. Its times are UTC. */
import { InvalidArgumentError } from 'commander';
import { pointInTime } from '../arguments.ts';

export interface LedgerRange {
  /** Epoch ms; the range has this moment. */
  readonly fromMs: number;
  /** Epoch ms; the range ends before this moment. */
  readonly toMs: number;
}

const isoForm = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * A point in time as epoch ms: ISO 8601, or a time before now such as `24h`. A text without an offset is UTC, also on a
 * machine with another time zone.
 */
export function utcTime(text: string): number {
  if (/^\d+[smhd]$/.test(text)) return pointInTime(text);
  const match = isoForm.exec(text);
  const [, day, time, offset] = match ?? [];
  const isUtc = time === undefined || offset !== undefined;
  const ms = day === undefined || !isDay(day) ? Number.NaN : Date.parse(isUtc ? text : `${text}Z`);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('expected a time such as 2026-10-01, 2026-10-01T12:00 (UTC) or 24h.');
  return ms;
}

/** Some days that do not exist, such as 30 February, would become other days. */
function isDay(day: string): boolean {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
