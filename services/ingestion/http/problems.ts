/**
 * Creates and sends problems. A handler throws a problem. Code that must refuse cheaply sends the problem directly.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTraceparent, type TraceSpan } from '../../shared/trace/index.ts';
import { type ProblemCode, problemTable, problemType } from '../problems/problem-table.ts';
import { drainRest } from './drain.ts';
import type { JsonFault } from './json/strict-json.ts';

/** One fault of a request. */
export interface Fault extends JsonFault {
  /** Name of the invalid query parameter or header. The pointer is then empty. */
  readonly parameter?: string;
}

export interface ProblemOptions {
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Ends a request with a problem. The error handler of the app catches it. */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail?: string, { errors = [], headers = {}, cause }: ProblemOptions = {}) {
    super(detail ?? problemTable[code].meaning, cause === undefined ? undefined : { cause });
    this.name = 'HttpProblem';
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }
}

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly errors: readonly Fault[];
  readonly traceId: string;
}

export function problemBody(
  code: ProblemCode,
  {
    detail,
    instance,
    traceId,
    errors = [],
  }: { detail?: string; instance: string; traceId: string; errors?: readonly Fault[] },
): ProblemBody {
  const { status, title, meaning } = problemTable[code];
  return {
    type: problemType(code),
    title,
    status,
    detail: detail ?? meaning,
    instance,
    code,
    errors,
    traceId,
  };
}

/** Sends a problem as the response. `instance` omits the query, because it may contain a ticket. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  code: ProblemCode,
  { detail, errors, headers }: ProblemOptions & { detail?: string } = {},
): FastifyReply {
  const instance = pathOf(request.url);
  const body = problemBody(code, { detail, instance, traceId: traceIdOf(request), errors });
  if (!request.raw.complete) drainRest(request.raw);
  if (headers !== undefined) reply.headers(headers);
  return reply
    .code(body.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(body));
}

export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The caller's `traceparent` if it is valid (W3C Trace Context), otherwise null. */
export function callersTraceparentOf(request: FastifyRequest): string | null {
  const field = request.headers['traceparent'];
  return typeof field === 'string' && isTraceparent(field) ? field : null;
}

/** The traceparent for commands of this request: that of its span, otherwise the caller's, otherwise null. */
export function traceparentOf(request: FastifyRequest): string | null {
  return request.span?.traceparent ?? callersTraceparentOf(request);
}

/** The trace id of the span or the one that the caller sent (32 hex digits), otherwise null. */
export function knownTraceIdOf(request: FastifyRequest): string | null {
  return traceparentOf(request)?.slice(3, 35) ?? null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until a problem or the access log needs it. */
    traceId: string | null;
    /** Null if the request is not traced. */
    span: TraceSpan | null;
  }
}

/** The trace id of the span or the caller, otherwise one of this request. A problem and the access log have the same. */
export function traceIdOf(request: FastifyRequest): string {
  request.traceId ??= knownTraceIdOf(request) ?? randomBytes(16).toString('hex');
  return request.traceId;
}

/** The ids of the trace, as members of a log line. */
export function traceFieldsOf(request: FastifyRequest): { traceId: string; spanId?: string } {
  return request.span?.fields ?? { traceId: traceIdOf(request) };
}
