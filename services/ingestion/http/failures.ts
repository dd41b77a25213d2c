/** Maps failures of the application to problems. The problem table has the status and title of each code. */
import { Failure } from '../application/common/failure.ts';
import { HttpProblem } from './problems.ts';

/** RFC 9110 requires a challenge in each 401. */
const signatureChallenge = 'Signature realm="payment callbacks"';

/** Whole seconds for `Retry-After`, at least one. */
export function secondsOf(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

export function problemOf({ code, detail, retryAfterMs, cause }: Failure): HttpProblem {
  const headers: Record<string, string> = {};
  if (retryAfterMs !== null) headers['retry-after'] = secondsOf(retryAfterMs);
  if (code === 'SIGNATURE_INVALID') headers['www-authenticate'] = signatureChallenge;
  return new HttpProblem(code, detail ?? undefined, { headers, cause });
}

/** Returns a result of the application. Throws the problem if the result is a failure. */
export function orProblem<T>(result: T | Failure): T {
  if (result instanceof Failure) throw problemOf(result);
  return result;
}
