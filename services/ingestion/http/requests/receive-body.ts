/** Counts a large body against its caller's limits, from its headers on to the end of the response. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bodies } from '../../application/limits/body-budget.ts';
import type { Operation } from '../operation.ts';

/** Smaller bodies arrive in one or a few reads: counting them would cost more than they do. */
const countedFromBytes = 32 * 1024;

/** False if the body exceeds a limit. The caller then refuses the request, and the connection is closed. */
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
    // Reading on would cost what the refusal should save. A client with few wasted bytes can still read the
    // response.
    if (refusal === 'wasted') reply.raw.once('finish', () => request.raw.destroy());
    return false;
  }
  reply.raw.once('close', () => {
    const { statusCode, writableFinished } = reply.raw;
    // A 5xx is our fault; a truncated or refused body is the caller's.
    bodies.end(customerId, bytes, !writableFinished || (statusCode >= 400 && statusCode < 500));
  });
  return true;
}

/** By its headers. A body without a length may be as long as the route allows. */
function announcedBytes({ body }: Operation, { headers }: FastifyRequest): number {
  if (body === undefined) return 0;
  if (headers['transfer-encoding'] !== undefined) return body.bytesMax;
  const length = Number(headers['content-length'] ?? 0);
  return Number.isFinite(length) ? Math.min(length, body.bytesMax) : body.bytesMax;
}
