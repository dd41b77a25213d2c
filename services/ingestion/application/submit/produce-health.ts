/**
 * Records whether the brokers accept the records of this process. If their settings refuse one record, for example
 * for its timestamp, they refuse the records of all callers. Traffic should then go to another instance.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import type { AppError } from '../../../shared/errors/index.ts';

export interface ProduceHealth {
  /** A record is in the log. */
  written(): void;
  /** A record is not in the log, or may not be there. The error has the reason. */
  refused(error: AppError): void;
  /** For readiness: true, or a sentence with the brokers' reason. */
  check(): true | string;
}

/** After this time, the service accepts traffic again to test whether the brokers still refuse. */
const triedAgainAfterMs = 10_000;
/** Errors of one record, or of brokers that do not respond. A caller could cause the first kind. */
const otherReasons: ReadonlySet<unknown> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'deadline passed',
  'queue is full',
  'the producer is closed',
  'the producer was closed',
]);

export function createProduceHealth({ clock }: { clock: Pick<Clock, 'monotonicMs'> }): ProduceHealth {
  let refusal: { readonly reason: string; readonly atMs: number } | null = null;
  return {
    written() {
      refusal = null;
    },
    refused({ code, details: { reason } }) {
      const isSetting = (code === 'RECORD_REFUSED' || code === 'NOT_PRODUCED') && !otherReasons.has(reason);
      if (isSetting) refusal = { reason: String(reason), atMs: clock.monotonicMs() };
    },
    check() {
      if (refusal === null || clock.monotonicMs() - refusal.atMs >= triedAgainAfterMs) return true;
      return `the brokers refuse commands: ${refusal.reason}`;
    },
  };
}
