/**
 * Server-sent events of single orders, written straight to the connection: no poll, no timer of its own per client, and
 * nothing kept of the request but the address. A client that does not read is cut off.
 *
 * A stream is: open (sends the state if it is news) → one event per new version → closed by the final state, the end of the
 * token, the client, or our stop.
 */
import type { ServerResponse } from 'node:http';
import type { PlaceRefusal } from '../application/limits/places.ts';
import type { ReadStatus } from '../application/read/status.ts';
import { createExpiries } from '../application/wait/expiries.ts';
import type { Outcomes } from '../application/wait/outcomes.ts';
import type { OrderAddress } from './requests/read-request.ts';
import { type AnswerDeps, isFinal, type Shown, showOrder } from './responses.ts';

export interface Streams {
  /**
   * Takes the response over and returns null. `seenVersion` is what the client has, -1 for nothing. Else leaves the response
   * untouched: `full` when there are too many already, `share` when too many are this caller's.
   */
  open(response: ServerResponse, subject: StreamSubject, seenVersion: number): PlaceRefusal | null;
  /**
   * Sends a heartbeat to the next part of the streams, and ends those with an expired token. A timer calls it
   * `heartbeatParts` times per heartbeat.
   */
  beat(): void;
  /** Ends every stream; clients come back to another instance. */
  drain(): void;
  size(): number;
}

/** What is streamed, and until when its reader may see it. */
export interface StreamSubject extends OrderAddress {
  readonly expiresAtMs: number;
}

export interface StreamDeps extends AnswerDeps {
  readonly outcomes: Pick<Outcomes, 'watch'>;
  readonly nowMs: () => number;
  readonly readStatus: ReadStatus;
}

interface Stream {
  readonly response: ServerResponse;
  readonly address: StreamSubject;
  sentVersion: number;
  /** Set during a lookup of the state; changes meanwhile cause another lookup. */
  busy: boolean;
  again: boolean;
  stop: () => void;
}

/** Not yet read by the client; a version is about a kilobyte. */
const unreadBytesMax = 64 * 1024;
/** Headers of every stream. */
export const streamHead = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};
/** Writing to thousands of streams at once would block the event loop: each call of `beat` serves one part of them. */
export const heartbeatParts = 60;
/** Tells the client how to reconnect; then the stream ends. */
const tokenExpired = `event: closed\ndata: ${JSON.stringify({
  code: 'TOKEN_EXPIRED',
  message: 'The token has expired. Open the stream again with a new token and your Last-Event-ID.',
})}\n\n`;
/** How soon a client comes back after the connection broke. */
const reconnectMs = 1_000;

export function createStreams(deps: StreamDeps): Streams {
  const streams = new Set<Stream>();
  const expiries = createExpiries<Stream>(deps.nowMs());
  let draining = false;
  let turns = streams.values();
  let beatsDue = 0;
  const nextInTurn = (): Stream | undefined => {
    const turn = turns.next();
    if (!turn.done) return turn.value;
    turns = streams.values();
    return turns.next().value;
  };

  return {
    open(response, address, seenVersion) {
      if (draining) return 'full';
      const stream: Stream = {
        response,
        address,
        sentVersion: seenVersion,
        busy: false,
        again: false,
        stop: () => undefined,
      };
      const { orderId, customerId, expiresAtMs } = address;
      const stop = deps.outcomes.watch(orderId, customerId, () => void refresh(deps, stream));
      if (typeof stop === 'string') return stop;
      stream.stop = stop;
      streams.add(stream);
      expiries.add(stream, expiresAtMs);
      // A stream lives for hours; its request's headers are of no use any more.
      response.req.rawHeaders = [];
      response.once('close', () => {
        stop();
        streams.delete(stream);
        expiries.delete(stream, expiresAtMs);
      });
      response.writeHead(200, streamHead);
      response.write(`retry: ${reconnectMs}\n\n`);
      void refresh(deps, stream);
      return null;
    },
    beat() {
      for (const { response } of expiries.take(deps.nowMs())) response.end(tokenExpired);
      beatsDue += streams.size / heartbeatParts;
      for (; beatsDue >= 1; beatsDue--) {
        const stream = nextInTurn();
        if (stream !== undefined) write(stream.response, ':\n\n');
      }
    },
    drain() {
      draining = true;
      for (const { response } of streams) response.end();
    },
    size: () => streams.size,
  };
}

/** Sends the state when it is newer than what was sent. Never rejects. */
async function refresh(deps: StreamDeps, stream: Stream): Promise<void> {
  if (stream.busy) {
    stream.again = true;
    return;
  }
  stream.busy = true;
  do {
    stream.again = false;
    const shown = await look(deps, stream);
    if (shown !== null) send(stream, shown);
  } while (stream.again);
  stream.busy = false;
}

async function look(deps: StreamDeps, { address, sentVersion, response }: Stream): Promise<Shown | null> {
  try {
    const state = await deps.readStatus({ ...address, floor: Math.max(0, sentVersion), fresh: true });
    return state.kind === 'missing' ? null : showOrder(deps, state, address.orderId, address.customerId);
  } catch {
    // The stores are unavailable: the client reconnects with its last version and gets what it missed.
    response.end();
    return null;
  }
}

function send(stream: Stream, { version, status, body }: Shown): void {
  const { response } = stream;
  if (response.writableEnded) return;
  if (version > stream.sentVersion || status === 'DEAD_LETTERED') {
    stream.sentVersion = version;
    write(response, `id: ${version}\nevent: order\ndata: ${JSON.stringify(body)}\n\n`);
  }
  if (isFinal(status)) response.end();
}

function write(response: ServerResponse, text: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(text);
  if (response.writableLength > unreadBytesMax) response.destroy();
}
