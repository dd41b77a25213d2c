/** Counts a request's orders against its caller's rate. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateDecision, RateLimiter } from '../../application/limits/rate-limit.ts';
import { secondsOf } from '../failures.ts';
import { HttpProblem } from '../problems.ts';

/**
 * Sets the rate fields on the answer; throws, or rejects with, the problem RATE_LIMITED. No promise while the lease lasts.
 * `paid` orders were taken for the same request before: only the rest is taken, and a retry has to pay for all again.
 */
export function takeOrders(
  rates: RateLimiter,
  request: FastifyRequest,
  reply: FastifyReply,
  orders: number,
  paid = 0,
): void | Promise<void> {
  if (orders <= paid) return;
  const taken = rates.take(request.caller.customerId, orders - paid);
  if (taken instanceof Promise) return taken.then((decision) => enforce(rates, reply, decision, paid));
  enforce(rates, reply, taken, paid);
}

/**
 * Throws RATE_LIMITED if the limit is already exceeded before the number of orders is known. A large body is then not
 * parsed.
 */
export function refuseDenied(rates: RateLimiter, request: FastifyRequest, reply: FastifyReply): void {
  const denial = rates.denial(request.caller.customerId);
  if (denial !== null) enforce(rates, reply, denial);
}

function enforce(rates: RateLimiter, reply: FastifyReply, decision: RateDecision, paid = 0): void {
  reply.header('ratelimit-policy', policyField(rates)).header('ratelimit', rateField(rates, decision));
  if (decision.allowed) return;
  const headers = { 'retry-after': secondsOf(decision.waitMs + rates.refillMs(paid)) };
  throw new HttpProblem('RATE_LIMITED', undefined, { headers });
}

/** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11). */
function policyField({ ordersPerSecond, burstOrders }: RateLimiter): string {
  return `"orders";q=${burstOrders};w=${Math.max(1, Math.ceil(burstOrders / ordersPerSecond))}`;
}

/** `RateLimit`: what is left, and in how many seconds all of it is there again. */
function rateField({ ordersPerSecond, burstOrders }: RateLimiter, { remaining }: RateDecision): string {
  const fullInSeconds = Math.max(0, Math.ceil((burstOrders - remaining) / ordersPerSecond));
  return `"orders";r=${remaining};t=${fullInSeconds}`;
}
