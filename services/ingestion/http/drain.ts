/**
 * Handles a response that is sent before the body is read, for example a 413. If the server closes a connection
 * with unread bytes, the client gets a reset. The reset can overtake the response, and the client sees EPIPE
 * instead of the problem. So the server reads and drops the rest of the body, up to a bound. The client can then
 * use the connection again.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Enough for a body sent by mistake. The server closes the connection of a longer body. */
const drainBytesMax = 16 * 1024 * 1024;
const drainMsMax = 10_000;

const draining = Symbol('draining');
type DrainedSocket = Socket & { [draining]?: boolean };

/** Drops the rest of a request body. Call it before sending the response; safe to call more than once. */
export function drainRest(request: IncomingMessage): void {
  const { headers } = request;
  // The parser sets `complete` a moment after the request event, even for a message without a body.
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const socket = request.socket as DrainedSocket;
  if (!hasBody || request.complete || request.destroyed || socket[draining] === true) return;
  socket[draining] = true;
  const timer = setTimeout(() => request.destroy(), drainMsMax);
  timer.unref();
  let bytes = 0;
  const end = (): void => {
    clearTimeout(timer);
    socket[draining] = false;
  };
  request.once('end', end).once('close', end);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > drainBytesMax) request.destroy();
  });
}

/** True while the socket still receives the body of a request that has its response. */
export function isDraining(socket: Socket): boolean {
  return (socket as DrainedSocket)[draining] === true;
}
