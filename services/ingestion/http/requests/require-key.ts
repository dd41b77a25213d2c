/** Requires the header `Idempotency-Key` of a request. */
import type { FastifyRequest } from 'fastify';
import { readIdempotencyKey } from '../../application/requests/idempotency-key.ts';
import { HttpProblem } from '../problems.ts';

/** The key of a request. Throws the problem IDEMPOTENCY_KEY_MISSING or IDEMPOTENCY_KEY_INVALID. */
export function requireIdempotencyKey({ headers }: FastifyRequest): string {
  const field = headers['idempotency-key'];
  if (field === undefined) throw new HttpProblem('IDEMPOTENCY_KEY_MISSING');
  const key = typeof field === 'string' ? readIdempotencyKey(field) : null;
  if (key === null) throw new HttpProblem('IDEMPOTENCY_KEY_INVALID');
  return key;
}
