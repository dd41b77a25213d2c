/** Maps failures of the application to problems. The problem table has the status and title of each code. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../application/common/failure.ts';
import { HttpProblem, sendProblem } from './problems.ts';

/** RFC 9110 requires a challenge in each 401. */
const signatureChallenge = 'Signature realm="payment callbacks"';

/** Whole seconds for `Retry-After`, at least one. */
export function secondsOf(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

export function problemOf(failure: Failure): HttpProblem {
  const { code, detail, cause } = failure;
  return new HttpProblem(code, detail ?? undefined, { headers: headersOf(failure), cause });
}

/** Sends a failure without the cost of an error. `more` are further headers. */
export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: Failure,
  more: Readonly<Record<string, string>> = {},
): FastifyReply {
  const { code, detail } = failure;
  return sendProblem(request, reply, code, {
    ...(detail === null ? {} : { detail }),
    headers: { ...headersOf(failure), ...more },
  });
}

function headersOf({ code, retryAfterMs }: Failure): Record<string, string> {
  const headers: Record<string, string> = {};
  if (retryAfterMs !== null) headers['retry-after'] = secondsOf(retryAfterMs);
  if (code === 'SIGNATURE_INVALID') headers['www-authenticate'] = signatureChallenge;
  return headers;
}

/** Returns a result of the application. Throws the problem if the result is a failure. */
export function orProblem<T>(result: T | Failure): T {
  if (result instanceof Failure) throw problemOf(result);
  return result;
}
