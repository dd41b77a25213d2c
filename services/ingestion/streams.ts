/**
 * Server-sent events of single orders, written straight to the connection: no poll, no timer of its own per client, and
 * nothing kept of the request but the address. A client that does not read is cut off.
 *
 * A stream is: open (sends the state if it is news) → one event per new version → closed by the final state, the client,
 * or our stop.
 */
import type { ServerResponse } from 'node:http';
import { type AnswerDeps, isFinal, type Shown, showOrder } from './answers.ts';
import type { Outcomes } from './outcomes.ts';
import type { OrderAddress } from './read-request.ts';
import type { ReadStatus } from './status.ts';

export interface Streams {
  /**
   * Takes the response over. `seenVersion` is what the client has, -1 for nothing. False, with the response untouched,
   * when there are too many already.
   */
  open(response: ServerResponse, address: OrderAddress, seenVersion: number): boolean;
  /** Sends the next part of the streams a sign of life; called on a timer, `heartbeatParts` times per heartbeat. */
  beat(): void;
  /** Ends every stream; clients come back to another instance. */
  drain(): void;
  size(): number;
}

export interface StreamDeps extends AnswerDeps {
  readonly outcomes: Pick<Outcomes, 'watch'>;
  readonly readStatus: ReadStatus;
}

interface Stream {
  readonly response: ServerResponse;
  readonly address: OrderAddress;
  sentVersion: number;
  /** Looking up the state; what happens meanwhile is looked up after. */
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
/** Thousands of streams written to at once would hold up everything else: each call of `beat` serves this part of them. */
export const heartbeatParts = 60;
/** How soon a client comes back after the connection broke. */
const reconnectMs = 1_000;

export function createStreams(deps: StreamDeps): Streams {
  const streams = new Set<Stream>();
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
      if (draining) return false;
      const stream: Stream = {
        response,
        address,
        sentVersion: seenVersion,
        busy: false,
        again: false,
        stop: () => undefined,
      };
      const stop = deps.outcomes.watch(address.orderId, () => void refresh(deps, stream));
      if (stop === null) return false;
      stream.stop = stop;
      streams.add(stream);
      // A stream lives for hours; its request's headers are of no use any more.
      response.req.rawHeaders = [];
      response.once('close', () => {
        stop();
        streams.delete(stream);
      });
      response.writeHead(200, streamHead);
      response.write(`retry: ${reconnectMs}\n\n`);
      void refresh(deps, stream);
      return true;
    },
    beat() {
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
    // The stores cannot tell: the client comes back with its last version and gets what it missed.
    response.end();
    return null;
  }
}

function send(stream: Stream, { version, status, body }: Shown): void {
  const { response } = stream;
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
