/** The stage that reads the key of the caller, so that its personal data can be sealed at once. */
import type { preHandlerHookHandler } from 'fastify';
import type { CustomerKey } from '../../../shared/personal-data/index.ts';
import { Failure } from '../../application/common/failure.ts';
import type { CustomerKeys, KeyAnswer } from '../../application/sealing/customer-keys.ts';
import { problemOf } from '../failures.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key that seals the personal data of the body. Null: the installation seals nothing, or the key cannot be read. */
    customerKey: CustomerKey | null;
  }
}

export interface KeyDeps {
  readonly customerKeys: CustomerKeys;
}

/** Sets `request.customerKey`. Refuses the request if a key is required and cannot be read. */
export function keyStage({ customerKeys }: KeyDeps): preHandlerHookHandler {
  return (request, _reply, done) => {
    const take = (answer: KeyAnswer): void => {
      if (answer instanceof Failure) {
        done(problemOf(answer));
        return;
      }
      request.customerKey = answer;
      done();
    };
    const answer = customerKeys.keyOf(request.caller.customerId);
    if (answer instanceof Promise) void answer.then(take);
    else take(answer);
  };
}
