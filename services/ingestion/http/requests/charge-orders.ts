/** Charges the orders of a request to the rate of its caller. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateDecision, RateLimiter } from '../../application/limits/rate-limit.ts';
import { batchOrdersMax } from '../../application/submit/place-order-input.ts';
import { secondsOf } from '../failures.ts';
import { HttpProblem } from '../problems.ts';
import { orderBytesMax } from './bodies.ts';
import { bodyOf } from './read-request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Number of orders that this request was charged for so far. */
    chargedOrders: number;
  }
}

/**
 * Charges the request up to `orders` in total, and sets the rate headers of the response. Throws the problem
 * RATE_LIMITED, or rejects with it. Returns no promise while the caller's lease lasts.
 */
export type Charge = (
  request: FastifyRequest,
  reply: FastifyReply,
  orders: number,
) => Promise<void> | undefined;

export interface Charges {
  readonly orders: Charge;
  /**
   * Charges a batch before it is parsed. The charge is the number of its keys, or one order per `orderBytesMax`
   * bytes if that is more. A caller over its limit is refused without counting.
   */
  readonly bytes: (request: FastifyRequest, reply: FastifyReply) => Promise<void> | undefined;
}

export function createCharges(rates: RateLimiter): Charges {
  const enforce = (request: FastifyRequest, reply: FastifyReply, decision: RateDecision): void => {
    const { allowed, remaining, waitMs } = decision;
    const { ordersPerSecond, burstOrders } = rates;
    const windowSeconds = Math.max(1, Math.ceil(burstOrders / ordersPerSecond));
    const fullInSeconds = Math.max(0, Math.ceil((burstOrders - remaining) / ordersPerSecond));
    // RateLimit-Policy and RateLimit: draft-ietf-httpapi-ratelimit-headers-11.
    reply
      .header('ratelimit-policy', `"orders";q=${burstOrders};w=${windowSeconds}`)
      .header('ratelimit', `"orders";r=${remaining};t=${fullInSeconds}`);
    if (allowed) return;
    // A retry is charged for all orders again.
    const headers = { 'retry-after': secondsOf(waitMs + rates.refillMs(request.chargedOrders)) };
    throw new HttpProblem('RATE_LIMITED', undefined, { headers });
  };

  const orders: Charge = (request, reply, count) => {
    const rest = count - request.chargedOrders;
    if (rest <= 0) return undefined;
    const taken = rates.take(request.caller.customerId, rest);
    if (taken instanceof Promise) {
      return taken.then((decision) => {
        enforce(request, reply, decision);
        request.chargedOrders = count;
      });
    }
    enforce(request, reply, taken);
    request.chargedOrders = count;
    return undefined;
  };

  return {
    orders,
    bytes(request, reply) {
      const denial = rates.denial(request.caller.customerId);
      if (denial !== null) enforce(request, reply, denial);
      const body = bodyOf(request);
      return orders(request, reply, Math.max(1, Math.ceil(body.length / orderBytesMax), countKeys(body)));
    },
  };
}

const keyName = Buffer.from('"idempotencyKey"');

/** Counts the member name `idempotencyKey` in the body, up to `batchOrdersMax`. Native code, linear in the body. */
function countKeys(body: Buffer): number {
  let count = 0;
  let at = body.indexOf(keyName);
  while (at !== -1 && count < batchOrdersMax) {
    count += 1;
    at = body.indexOf(keyName, at + keyName.length);
  }
  return count;
}
