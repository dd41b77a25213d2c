/** The stage that refuses operations whose flag is off. */
import type { onRequestHookHandler } from 'fastify';
import { type FlagDeps, flagFailureOf } from '../../application/limits/flags.ts';
import { sendFailure } from '../failures.ts';
import type { Operation } from '../operation.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether a flag has refused this request. */
    isSwitchedOff: boolean;
  }
}

/**
 * Refuses the request with 503 while one flag of the operation is off. Without the flag `waits`, it removes the
 * preference to wait, as RFC 7240 allows.
 */
export function flagStage(deps: FlagDeps, { flags: needed = [] }: Operation): onRequestHookHandler {
  return (request, reply, done) => {
    if (!deps.flags.waits) delete request.headers['prefer'];
    const failure = flagFailureOf(deps, needed);
    if (failure === null) {
      done();
      return;
    }
    request.isSwitchedOff = true;
    sendFailure(request, reply, failure);
  };
}
