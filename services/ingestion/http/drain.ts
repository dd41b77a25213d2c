/**
 * An answer that comes before the body has been read, for example a 413. A connection that is closed with unread bytes
 * is reset, and the reset can overtake the answer: the client sees EPIPE instead of the problem. So the rest of the body
 * is read and dropped, up to a bound, and the connection can be used again.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Enough for a body sent by mistake. Beyond it the connection is closed. */
const drainBytesMax = 16 * 1024 * 1024;
const drainMsMax = 10_000;

const draining = Symbol('draining');
type DrainedSocket = Socket & { [draining]?: boolean };

/** Drops the rest of a request body. Call it before sending the response; safe to call more than once. */
export function drainRest(request: IncomingMessage): void {
  const { headers } = request;
  // The parser calls a message complete a moment after it has handed it out, even one without a body.
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
