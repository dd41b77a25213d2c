/**
 * Server-sent events of single orders, written directly to the connection. The service keeps only the address of
 * the request. A client that does not read is disconnected. `application/wait/order-updates.ts` decides what is
 * sent, and when a stream ends.
 */
import type { ServerResponse } from 'node:http';
import { Failure } from '../application/common/failure.ts';
import type { OrderState } from '../application/read/status.ts';
import {
  createOrderUpdates,
  type EndReason,
  type UpdatesDeps,
  type UpdatesQuery,
} from '../application/wait/order-updates.ts';
import { type ResponseDeps, showOrder } from './responses.ts';

export interface Streams {
  /**
   * Takes over the response and returns null. `seenVersion` is the version that the client has, -1 for none. On
   * refusal it leaves the response untouched and returns OVERLOADED or SHARE_USED_UP.
   */
  open(response: ServerResponse, query: UpdatesQuery, seenVersion: number): Failure | null;
  /**
   * Sends a heartbeat to the next part of the streams, and ends those with an expired token. A timer calls it
   * `heartbeatParts` times per heartbeat.
   */
  beat(): void;
  /** Ends every stream. Clients reconnect to another instance. */
  drain(): void;
  size(): number;
}

export interface StreamDeps extends ResponseDeps, UpdatesDeps {}

interface Stream {
  readonly response: ServerResponse;
  readonly orderId: string;
  readonly customerId: string;
}

/** Maximum bytes that the client has not read. A version has about a kilobyte. */
const unreadBytesMax = 64 * 1024;
/** Headers of every stream. */
export const streamHead = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};
/**
 * Number of parts of all streams. Each call of `beat` serves one part. A write to thousands of streams at once
 * would block the event loop.
 */
export const heartbeatParts = 60;
/** The last event of a stream: it explains how to reconnect. */
const tokenExpired = `event: closed\ndata: ${JSON.stringify({
  code: 'TOKEN_EXPIRED',
  message: 'The token has expired. Open the stream again with a new token and your Last-Event-ID.',
})}\n\n`;
/** Time after which a client reconnects when the connection breaks. */
const reconnectMs = 1_000;

export function createStreams(deps: StreamDeps): Streams {
  const streams = new Set<Stream>();
  const updates = createOrderUpdates<Stream>(deps, {
    onState: (stream, state) => writeState(deps, stream, state),
    onEnd,
  });
  let turns = streams.values();
  let beatsDue = 0;
  const nextInTurn = (): Stream | undefined => {
    const turn = turns.next();
    if (!turn.done) return turn.value;
    turns = streams.values();
    return turns.next().value;
  };

  return {
    open(response, query, seenVersion) {
      const { orderId, customerId } = query;
      const stream: Stream = { response, orderId, customerId };
      const close = updates.open(stream, query, seenVersion);
      if (close instanceof Failure) return close;
      streams.add(stream);
      // A stream lives for hours and needs no request headers, so their memory is freed.
      response.req.rawHeaders = [];
      response.once('close', () => {
        close();
        streams.delete(stream);
      });
      response.writeHead(200, streamHead);
      response.write(`retry: ${reconnectMs}\n\n`);
      return null;
    },
    beat() {
      updates.expire();
      beatsDue += streams.size / heartbeatParts;
      for (; beatsDue >= 1; beatsDue--) {
        const stream = nextInTurn();
        if (stream !== undefined) write(stream.response, ':\n\n');
      }
    },
    drain: updates.drain,
    size: () => streams.size,
  };
}

function writeState(deps: ResponseDeps, { response, orderId, customerId }: Stream, state: OrderState): void {
  const { version, body } = showOrder(deps, state, orderId, customerId);
  write(response, `id: ${version}\nevent: order\ndata: ${JSON.stringify(body)}\n\n`);
}

function onEnd({ response }: Stream, reason: EndReason): void {
  if (reason === 'tokenExpired') response.end(tokenExpired);
  else response.end();
}

function write(response: ServerResponse, text: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(text);
  if (response.writableLength > unreadBytesMax) response.destroy();
}
