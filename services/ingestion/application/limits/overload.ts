/** Refuses requests while the process is overloaded. */
import type { Caller } from '../../../shared/auth/index.ts';
import type { Metrics } from '../../../shared/metrics/index.ts';
import { Failure } from '../common/failure.ts';
import type { Admission } from './admission.ts';
import type { Usage } from './usage.ts';

export interface OverloadDeps {
  readonly admission: Pick<Admission, 'refusal' | 'retryAfterSeconds'>;
  readonly usage: Usage;
  readonly metrics: Metrics;
}

/**
 * OVERLOADED while the process is overloaded, otherwise null. It still admits callers that cause little load, except for
 * a large lag. `knownCaller` returns null for a token that was not verified before: the verification would add load.
 */
export function overloadOf(
  deps: OverloadDeps,
  kind: 'read' | 'write',
  knownCaller: () => Caller | null,
): Failure | null {
  const refusal = deps.admission.refusal(kind);
  if (refusal === null || (refusal !== 'lag' && isLight(deps, knownCaller()))) return null;
  deps.metrics.inc('ingestion_refusals_total', { reason: refusal });
  return new Failure('OVERLOADED', { retryAfterMs: deps.admission.retryAfterSeconds(refusal) * 1000 });
}

function isLight({ usage }: OverloadDeps, caller: Caller | null): boolean {
  if (caller === null) return false;
  if (usage.isLight(caller.customerId)) return true;
  usage.note(caller.customerId);
  return false;
}
