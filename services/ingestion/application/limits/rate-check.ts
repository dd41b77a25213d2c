/** Counts a request's orders against its caller's rate. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../../http/problems.ts';
import type { RateDecision, RateLimiter } from './rate-limit.ts';

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
  reply.header('ratelimit-policy', rates.policyField).header('ratelimit', rates.field(decision));
  if (decision.allowed) return;
  const seconds = Math.max(1, Math.ceil((decision.waitMs + rates.refillMs(paid)) / 1000));
  throw new HttpProblem('RATE_LIMITED', undefined, { headers: { 'retry-after': String(seconds) } });
}
