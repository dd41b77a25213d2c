/** Responds to paths and methods without an operation. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { pathOf, sendProblem } from './problems.ts';

/** A method of a path, in fastify's form: `/v1/orders/:id`. */
export interface KnownRoute {
  readonly method: string;
  readonly url: string;
}

/** A path with GET also supports HEAD, without the body (RFC 9110). */
export function methodsOf(method: string): HTTPMethods[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method as HTTPMethods];
}

/**
 * Registers the unsupported methods of a fixed path. Otherwise `GET /v1/orders/batch` would be a lookup of the
 * order `batch` and return 404 instead of 405.
 */
export function registerShadowed(app: FastifyInstance, known: readonly KnownRoute[]): void {
  const fixed = known.filter(({ url }) => !url.includes(':'));
  for (const url of new Set(fixed.map((route) => route.url))) {
    const taken = allowedAt(fixed.filter((route) => route.url === url));
    const open = allowedAt(known.filter((route) => matches(route.url, url.split('/'))));
    const method = open.filter((each) => !taken.includes(each));
    if (method.length > 0)
      app.route({ method, url, handler: (request, reply) => answerUnknownRoute(known, request, reply) });
  }
}

/** Sends 405 for a path with other methods, otherwise 404. */
export function answerUnknownRoute(
  known: readonly KnownRoute[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const allowed = allowedOn(known, pathOf(request.url));
  if (allowed.length === 0) return sendProblem(request, reply, 'ROUTE_NOT_FOUND');
  return sendProblem(request, reply, 'METHOD_NOT_ALLOWED', { headers: { allow: allowed.join(', ') } });
}

/** The methods of a path. Empty for an unknown path. */
export function allowedOn(known: readonly KnownRoute[], path: string): HTTPMethods[] {
  const segments = path.split('/');
  const exact = known.filter(({ url }) => url === path);
  return allowedAt(exact.length > 0 ? exact : known.filter(({ url }) => matches(url, segments)));
}

/** Refuses a path with invalid percent-encoding, such as `%zz`, or invalid UTF-8, such as `%ff`. */
export function answerBadPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const detail = 'The path is not valid percent-encoded UTF-8, so it matches no route.';
  return sendProblem(request, reply, 'ROUTE_NOT_FOUND', { detail });
}

function allowedAt(routes: readonly KnownRoute[]): HTTPMethods[] {
  return [...new Set(routes.flatMap(({ method }) => methodsOf(method)))];
}

function matches(pattern: string, segments: readonly string[]): boolean {
  const parts = pattern.split('/');
  return (
    parts.length === segments.length && parts.every((part, i) => part.startsWith(':') || part === segments[i])
  );
}
