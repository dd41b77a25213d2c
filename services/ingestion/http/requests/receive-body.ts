/** Counts a large body against the limits of its caller, from the headers to the end of the response. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bodies } from '../../application/limits/body-budget.ts';
import type { Operation } from '../operation.ts';

/** Smaller bodies arrive in a few reads. To count them would cost more than to receive them. */
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
    // Drops the rest of the body, because a read of it would cost what the refusal saves. After another refusal the
    // server reads the rest, so that the client gets the response.
    if (refusal === 'wasted') reply.raw.once('finish', () => request.raw.destroy());
    return false;
  }
  reply.raw.once('close', () => {
    const { statusCode, writableFinished } = reply.raw;
    // A 5xx is a fault of the service. A truncated or refused body is a fault of the caller.
    bodies.end(customerId, bytes, !writableFinished || (statusCode >= 400 && statusCode < 500));
  });
  return true;
}

/** The length from the headers. A body without a length may be as long as the route allows. */
function announcedBytes({ body }: Operation, { headers }: FastifyRequest): number {
  if (body === undefined) return 0;
  if (headers['transfer-encoding'] !== undefined) return body.bytesMax;
  const length = Number(headers['content-length'] ?? 0);
  return Number.isFinite(length) ? Math.min(length, body.bytesMax) : body.bytesMax;
}
