/** Streams of the versions of an order. `application/wait/order-updates.ts` decides what is sent, and when a stream ends. */
import { Failure } from '../../application/common/failure.ts';
import type { OrderAddress } from '../../application/read/order-address.ts';
import {
  createOrderUpdates,
  type EndReason,
  type OrderUpdates,
  type UpdatesDeps,
} from '../../application/wait/order-updates.ts';
import {
  Orders,
  WatchOrderRequestSchema,
  WatchOrderResponseSchema,
} from '../generated/orderstream/v1/orders_pb.ts';
import { addressOf } from '../messages/address.ts';
import { decode, encode } from '../messages/decode.ts';
import { showOrder } from '../messages/show-order.ts';
import { Problem } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { type StreamCall, type StreamMethod, smallBytesMax } from './method.ts';

export interface Watches {
  readonly method: StreamMethod;
  /** Ends the streams whose time is over. A timer calls it. */
  expire(): void;
  /** Ends every stream. Clients open them again at another instance. */
  drain(): void;
}

export interface WatchDeps extends GrpcDeps {
  readonly updates: UpdatesDeps;
  /** How long a stream may take. A client opens it again, then perhaps at a newer instance. */
  readonly watchMsMax: number;
}

interface Watch {
  readonly call: StreamCall;
  readonly address: OrderAddress;
}

export function createWatches(deps: WatchDeps): Watches {
  const { updates: sources } = deps;
  const updates = createOrderUpdates<Watch>(sources, {
    onState({ call, address }, state) {
      const order = showOrder(deps, state, address.orderId, address.customerId);
      call.send(encode(WatchOrderResponseSchema, { order }));
    },
    onEnd: ({ call }, reason) => end(call, reason, sources.nowMs()),
  });
  return {
    method: {
      kind: 'stream',
      desc: Orders.method.watchOrder,
      scopes: ['orders:read', 'orders:ops'],
      admissionClass: 'read',
      flags: ['streams'],
      bytesMax: smallBytesMax,
      open: (call, bytes) => open(deps, updates, call, bytes),
    },
    expire: updates.expire,
    drain: updates.drain,
  };
}

async function open(
  deps: WatchDeps,
  updates: OrderUpdates<Watch>,
  call: StreamCall,
  bytes: Uint8Array,
): Promise<Failure | Problem | null> {
  const { message, problem } = decode(WatchOrderRequestSchema, bytes);
  if (problem !== null) return problem;
  const address = addressOf(deps.tickets, call, message);
  if (address instanceof Failure) return address;
  const seen = message.afterVersion ?? -1;
  const state = await deps.readStatus({ ...address, floor: Math.max(0, seen) });
  if (state instanceof Failure) return state;
  if (call.hasEnded) return null;
  const expiresAtMs = Math.min(call.caller.expiresAtMs, deps.updates.nowMs() + deps.watchMsMax);
  const close = updates.open({ call, address }, { ...address, expiresAtMs }, seen);
  if (close instanceof Failure) return close;
  call.begin(close);
  return null;
}

const tokenExpired = new Problem('UNAUTHORIZED', {
  detail: 'The token has expired. Open the stream again with a new token and your last version.',
});
const openAgain = new Problem('STATE_UNAVAILABLE', {
  detail: 'This stream ends here. Open it again with your last version.',
  retryAfterMs: 0,
});
const unavailable = new Problem('STATE_UNAVAILABLE', { retryAfterMs: 1_000 });

function end(call: StreamCall, reason: EndReason, nowMs: number): void {
  if (reason === 'final') call.finish();
  else if (reason === 'unavailable') call.fail(unavailable);
  else if (reason === 'tokenExpired' && nowMs >= call.caller.expiresAtMs) call.fail(tokenExpired);
  else call.fail(openAgain);
}
