/** Counts a large body against its caller's limits, from its headers on to the end of the response. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bodies } from '../../application/limits/body-budget.ts';
import type { Operation } from '../operation.ts';

/** Smaller bodies come in one read or a few: counting them would cost more than they do. */
const countedFromBytes = 32 * 1024;

/** False when the body must not come: it is then to be refused, and the connection is closed. */
export function receiveBody(
  bodies: Bodies,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  const bytes = announcedBytes(operation, request);
  if (bytes < countedFromBytes) return true;
  const { customerId } = request.caller;
  const refusal = bodies.begin(customerId, bytes);
  if (refusal !== null) {
    reply.header('connection', 'close');
    // Reading on would be the very cost that the caller is refused for. Who sent little in vain gets to read the answer.
    if (refusal === 'wasted') reply.raw.once('finish', () => request.raw.destroy());
    return false;
  }
  reply.raw.once('close', () => {
    const { statusCode, writableFinished } = reply.raw;
    // A 5xx is our fault; what was cut off or refused is the caller's.
    bodies.end(customerId, bytes, !writableFinished || (statusCode >= 400 && statusCode < 500));
  });
  return true;
}

/** By its headers; a body without a length may be as long as the route takes. */
function announcedBytes({ body }: Operation, { headers }: FastifyRequest): number {
  if (body === undefined) return 0;
  if (headers['transfer-encoding'] !== undefined) return body.bytesMax;
  const length = Number(headers['content-length'] ?? 0);
  return Number.isFinite(length) ? Math.min(length, body.bytesMax) : body.bytesMax;
}
