/**
 * The owner of all verdicts: which records become dead letters whatever their bytes say. A record gets a verdict if it
 * crashed workers, if the database refuses only it, or if an operator skips it.
 */
import { AppError, errorMessage } from '../../shared/errors/index.ts';
import { classifyMysqlError } from '../../shared/mysql/index.ts';
import { type CrashAttempt, crashesMax } from '../store/crash-attempts.ts';
import type { Skip } from '../store/skips.ts';

/** Why the record is a dead letter; part of its public outcome. */
export interface RecordVerdict {
  readonly code: string;
  readonly message: string;
}

/** The code of a record that an operator has skipped. */
export const SKIPPED = 'SKIPPED';

const messageLengthMax = 300;

export class Quarantine {
  readonly #verdicts = new Map<string, RecordVerdict>();

  /** The verdict on this record; null if its bytes decide. */
  verdictOn(partition: number, offset: number | bigint): RecordVerdict | null {
    if (this.#verdicts.size === 0) return null;
    return this.#verdicts.get(keyOf(partition, offset)) ?? null;
  }

  /** A successor found this attempt. Returns whether its record crashed enough workers on its own to be quarantined. */
  attemptCrashed(partition: number, { offset, records, attempts }: CrashAttempt): boolean {
    if (records !== 1 || attempts < crashesMax) return false;
    const message = `The worker crashed ${attempts} times while it processed only this record.`;
    this.#verdicts.set(keyOf(partition, offset), { code: 'QUARANTINED', message });
    return true;
  }

  /** The record fails alone, and the database is not the cause. */
  recordFailed(partition: number, offset: number | bigint, error: unknown): void {
    this.#verdicts.set(keyOf(partition, offset), { code: 'DATA_REFUSED', message: publicMessage(error) });
  }

  /** An operator skips the record. */
  recordSkipped({ partition, offset, reason }: Skip): void {
    const message = `An operator skipped this record: ${reason}`;
    this.#verdicts.set(keyOf(partition, offset), { code: SKIPPED, message });
  }

  /** Removes the verdict: its dead letter is committed, or cannot be stored. Returns whether there was one. */
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
