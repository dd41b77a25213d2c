/** How long a request waits (`Prefer: wait`), and how it learns that the client has disconnected. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Patience } from '../../application/wait/patience.ts';
import { preferredWaitSeconds } from '../prefer.ts';

export function patienceOf(request: FastifyRequest, reply: FastifyReply): Patience {
  return {
    waitMs: preferredWaitSeconds(request.headers['prefer']) * 1000,
    onGone: (close) => void reply.raw.once('close', close),
  };
}

/** Says in the response that the request waited. */
export function setPreferenceApplied(reply: FastifyReply, { waitMs }: Patience): void {
  reply.header('preference-applied', `wait=${waitMs / 1000}`);
}
