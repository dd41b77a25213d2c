/**
 * The first stage of every request. It refuses requests that the HTTP parser accepts but no correct client
 * sends, and limits pipelining.
 */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { faultOfMessage } from '../client-error.ts';
import { sendProblem } from '../problems.ts';

const openRequests = Symbol('openRequests');
type CountingSocket = Socket & { [openRequests]?: number };

/** `pipelineMax` is the number of requests of one connection that may be open at once. */
export function checkMessage(
  pipelineMax: number,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const fault = faultOfMessage(request.raw);
  if (fault !== null) {
    reply.header('connection', 'close');
    sendProblem(request, reply, fault.code, { detail: fault.detail });
    return;
  }
  const socket: CountingSocket = request.raw.socket;
  const open = (socket[openRequests] ?? 0) + 1;
  if (open > pipelineMax) {
    socket.destroy();
    return;
  }
  socket[openRequests] = open;
  done();
}

/**
 * Called when the request has its response. A connection that broke meanwhile keeps its count, because no more
 * requests can follow.
 */
export function endMessage(request: FastifyRequest): void {
  (request.raw.socket as CountingSocket)[openRequests]! -= 1;
}
