/** The flags of the API (`services/shared/config/flags.ts`). Operators switch parts of it off while it runs. */
import type { Metrics } from '../../../shared/metrics/index.ts';
import { Failure, type FailureCode } from '../common/failure.ts';

/** Whether a part of the API is on now. Read for each request. */
export interface ApiFlags {
  readonly intake: boolean;
  readonly batch: boolean;
  readonly waits: boolean;
  readonly streams: boolean;
  readonly quotes: boolean;
}

/** The flags whose operations are refused while they are off. */
export type OperationFlag = Exclude<keyof ApiFlags, 'waits'>;

export interface FlagDeps {
  readonly flags: ApiFlags;
  readonly metrics: Metrics;
}

export const flagFailures = {
  intake: 'INTAKE_OFF',
  batch: 'BATCH_OFF',
  streams: 'STREAMS_OFF',
  quotes: 'QUOTES_OFF',
} as const satisfies Record<OperationFlag, FailureCode>;

/** A person switches a flag, so a client that returns sooner finds the same answer. */
const retryAfterMs = 30_000;

/** The failure of an operation that needs these flags, while one of them is off. Null if all are on. */
export function flagFailureOf(
  { flags, metrics }: FlagDeps,
  needed: readonly OperationFlag[],
): Failure | null {
  const off = needed.find((name) => !flags[name]);
  if (off === undefined) return null;
  metrics.inc('ingestion_refusals_total', { reason: 'flag' });
  return new Failure(flagFailures[off], { retryAfterMs });
}
