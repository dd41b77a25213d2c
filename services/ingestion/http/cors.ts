/**
 * Allows scripts of the configured origins to use the API (https://fetch.spec.whatwg.org/#http-cors-protocol). It
 * never allows the browser's credentials, because a script sends its token itself.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './problems.ts';
import { allowedOn, type KnownRoute } from './unknown-routes.ts';

export interface Cors {
  /**
   * Sets the response headers for a listed origin. Returns true if the request was a preflight, which then has its
   * response.
   */
  handle(request: FastifyRequest, reply: FastifyReply): boolean;
}

/** Request headers that a script may send in addition to the default ones. */
export const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Prefer',
  'traceparent',
] as const;

/** Response headers that a script may read in addition to the default ones. */
export const exposedHeaders = [
  'Allow',
  'ETag',
  'Idempotent-Replayed',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
] as const;

/** Browsers keep the response to a preflight for two hours at most. */
const maxAgeSeconds = 7_200;
const anyOrigin = '*';

/** Null without origins. Then no request is checked. */
export function createCors(origins: readonly string[], known: readonly KnownRoute[]): Cors | null {
  if (origins.length === 0) return null;
  const isOpen = origins.includes(anyOrigin);
  const listed = new Set(origins);
  const exposed = exposedHeaders.join(', ');
  const allowed = allowedHeaders.join(', ');
  return {
    handle(request, reply) {
      // Set on the raw response, so that a stream has the headers too.
      const { raw } = reply;
      if (!isOpen) raw.setHeader('vary', 'Origin');
      const { origin, 'access-control-request-method': wanted } = request.headers;
      if (origin === undefined || !(isOpen || listed.has(origin))) return false;
      raw.setHeader('access-control-allow-origin', isOpen ? anyOrigin : origin);
      if (request.method !== 'OPTIONS' || wanted === undefined) {
        raw.setHeader('access-control-expose-headers', exposed);
        return false;
      }
      const methods = allowedOn(known, pathOf(request.url));
      if (methods.length === 0) return false;
      reply
        .code(204)
        .header('access-control-allow-methods', methods.join(', '))
        .header('access-control-allow-headers', allowed)
        .header('access-control-max-age', String(maxAgeSeconds))
        .send();
      return true;
    },
  };
}
