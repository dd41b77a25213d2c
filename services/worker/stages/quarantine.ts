/**
 * Holds the verdicts on records. A record with a verdict becomes a dead letter, even if its bytes are valid. There
 * are three reasons for a verdict. The record crashed workers, the database refuses only this record, or an operator
 * skips it.
 */
import { AppError, errorMessage } from '../../shared/errors/index.ts';
import { classifyMysqlError } from '../../shared/mysql/index.ts';
import { type CrashAttempt, crashesMax } from '../store/crash-attempts.ts';
import type { Skip } from '../store/skips.ts';

/** Why the record is a dead letter. The verdict is part of the public outcome. */
export interface RecordVerdict {
  readonly code: string;
  readonly message: string;
}

/** The code of a record that an operator has skipped. */
export const SKIPPED = 'SKIPPED';

const messageLengthMax = 300;

export class Quarantine {
  readonly #verdicts = new Map<string, RecordVerdict>();

  /** The verdict on this record; null if it is processed as usual. */
  verdictOn(partition: number, offset: number | bigint): RecordVerdict | null {
    if (this.#verdicts.size === 0) return null;
    return this.#verdicts.get(keyOf(partition, offset)) ?? null;
  }

  /**
   * Takes an attempt that a successor found. Returns whether its record crashed enough workers on its own to be
   * quarantined.
   */
  attemptCrashed(partition: number, { offset, records, attempts }: CrashAttempt): boolean {
    if (records !== 1 || attempts < crashesMax) return false;
    const message = `The worker crashed ${attempts} times while it processed only this record.`;
    this.#verdicts.set(keyOf(partition, offset), { code: 'QUARANTINED', message });
    return true;
  }

  /** Gives a verdict on a record that fails alone, although the database works. */
  recordFailed(partition: number, offset: number | bigint, error: unknown): void {
    this.#verdicts.set(keyOf(partition, offset), { code: 'DATA_REFUSED', message: publicMessage(error) });
  }

  /** Gives a verdict on a record that an operator skips. */
  recordSkipped({ partition, offset, reason }: Skip): void {
    const message = `An operator skipped this record: ${reason}`;
    this.#verdicts.set(keyOf(partition, offset), { code: SKIPPED, message });
  }

  /**
   * Removes the verdict, because its dead letter is committed or cannot be stored. Returns whether there was a
   * verdict.
   */
  lift(partition: number, offset: number | bigint): boolean {
    return this.#verdicts.delete(keyOf(partition, offset));
  }
}

/** Whether the database returned an error with a number. System errors have negative numbers. */
export function isServerError(error: unknown): boolean {
  return Number(errnoOf(error)) > 0;
}

function keyOf(partition: number, offset: number | bigint): string {
  return `${partition}-${offset}`;
}

/** The message of the database is only logged, because it names tables and may quote values. */
function publicMessage(error: unknown): string {
  if (!isServerError(error)) return errorMessage(error).slice(0, messageLengthMax);
  return `The database refused its data (${classifyMysqlError(error)}, error ${errnoOf(error)}).`;
}

function errnoOf(error: unknown): unknown {
  if (error instanceof AppError) return error.details['errno'];
  return (error as { errno?: unknown } | null | undefined)?.errno;
}
