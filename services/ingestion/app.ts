/**
 * The HTTP application, built without listening. The stages of a request, in order: the shape of the HTTP message,
 * admission, token and scope, rate, then the route with body, handler and answer. Everything up to the rate happens
 * before the body is parsed.
 */
import type { Socket } from 'node:net';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import type { Verifier } from '../shared/auth/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Admission } from './admission.ts';
import { authenticate } from './auth.ts';
import { answerClientError, hasDoubleHost } from './client-error.ts';
import type { Operation } from './operation.ts';
import { HttpProblem, pathOf, sendProblem } from './problems.ts';
import { type Route, type RouteDeps, routes } from './routes/index.ts';
import { registerPages } from './routes/pages.ts';

export interface HttpLimits {
  readonly headerBytesMax: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveTimeoutMs: number;
  readonly socketsMax: number;
  /** Requests of one connection that may be open at once. */
  readonly pipelineMax: number;
}

const httpLimits: HttpLimits = {
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 65_000,
  socketsMax: 20_000,
  pipelineMax: 128,
};

export interface AppDeps extends RouteDeps {
  readonly verifier: Verifier;
  readonly admission: Pick<Admission, 'refusal' | 'retryAfterSeconds'>;
  readonly metrics: Metrics;
  readonly limits?: Partial<HttpLimits>;
}

const connectionsCheckMs = 1_000;

export function createApp(deps: AppDeps): FastifyInstance {
  const limits = { ...httpLimits, ...deps.limits };
  const known = routes(deps);
  const app = fastify({
    logger: false,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
    },
    // The line of the request bounds it: what is longer than any id is an unknown one and no unknown route.
    routerOptions: { maxParamLength: limits.headerBytesMax },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(deps, known, error, request, reply),
  });
  app.server.maxConnections = limits.socketsMax;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.decorateRequest('caller');
  app.setErrorHandler((error, request, reply) => answerError(deps, known, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnknownRoute(known, request, reply));
  app.addHook('onResponse', (request, _reply, done) => {
    // A connection that broke in between keeps its count: nothing can come of it any more.
    (request.raw.socket as CountingSocket)[openRequests]! -= 1;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => checkMessage(limits.pipelineMax, request, reply, done));
  for (const route of known) registerRoute(app, deps, route);
  for (const { method, url } of shadowed(known)) {
    app.route({ method, url, handler: (request, reply) => answerUnknownRoute(known, request, reply) });
  }
  registerPages(
    app,
    known.map(({ operation }) => operation),
  );
  return app;
}

function registerRoute(app: FastifyInstance, deps: AppDeps, { operation, handler }: Route): void {
  const labels = new Map<number, { route: string; status: number }>();
  app.route({
    method: operation.method as HTTPMethods,
    url: operation.url,
    bodyLimit: operation.body?.bytesMax ?? 1,
    onRequest: (request, reply, done) => enter(deps, operation, request, reply, done),
    onResponse: (_request, reply, done) => {
      let label = labels.get(reply.statusCode);
      if (label === undefined) {
        label = { route: operation.id, status: reply.statusCode };
        labels.set(reply.statusCode, label);
      }
      deps.metrics.inc('http_requests_total', label);
      deps.metrics.observe('http_request_seconds', reply.elapsedTime / 1000, { route: operation.id });
      done();
    },
    handler,
  });
}

const openRequests = Symbol('openRequests');
type CountingSocket = Socket & { [openRequests]?: number };

/** What the HTTP parser lets pass but nobody honest sends; and the bound on pipelining. */
function checkMessage(
  pipelineMax: number,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  if (hasDoubleHost(request.raw.rawHeaders)) {
    reply.header('connection', 'close');
    sendProblem(request, reply, 'BAD_REQUEST', { detail: 'The field Host stands more than once.' });
    return;
  }
  const socket: CountingSocket = request.raw.socket;
  const open = (socket[openRequests] ?? 0) + 1;
  if (open > pipelineMax) {
    socket.destroy();
    return;
  }
  socket[openRequests] = open;
  done();
}

/** Admission, token and rate; the body is still on the wire. */
function enter(
  deps: AppDeps,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const refusal = deps.admission.refusal(operation.share);
  if (refusal !== null) {
    deps.metrics.inc('ingestion_refusals_total', { reason: refusal });
    const headers = { 'retry-after': String(deps.admission.retryAfterSeconds(refusal)) };
    sendProblem(request, reply, 'OVERLOADED', { headers });
    return;
  }
  authenticate(deps.verifier, operation.scope, request, reply, done);
}

function answerError(
  deps: AppDeps,
  known: readonly Route[],
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (error instanceof HttpProblem) {
    sendProblem(request, reply, error.code, {
      detail: error.message,
      errors: error.errors,
      headers: error.headers,
    });
    return;
  }
  if (request.is404) {
    answerUnknownRoute(known, request, reply);
    return;
  }
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) sendProblem(request, reply, 'BODY_TOO_LARGE', { headers: { connection: 'close' } });
  else if (statusCode === 415) sendProblem(request, reply, 'MEDIA_TYPE_UNSUPPORTED');
  else if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    sendProblem(request, reply, 'BAD_REQUEST', { detail: errorMessage(error) });
  } else if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') sendProblem(request, reply, 'BAD_REQUEST');
  else {
    deps.log.error({ err: error, url: request.routeOptions.url }, 'A request failed unexpectedly');
    sendProblem(request, reply, 'INTERNAL');
  }
}

/** `GET /v1/orders/batch` would else be taken for the order `batch`: what a fixed path does not take is 405, not 404. */
function shadowed(known: readonly Route[]): { method: Operation['method']; url: string }[] {
  const fixed = known.map(({ operation }) => operation).filter(({ url }) => !url.includes(':'));
  return fixed.flatMap(({ url }) => {
    const taken = fixed.filter((other) => other.url === url).map(({ method }) => method);
    const open = known.filter(({ operation }) => matches(operation.url, url.split('/')));
    const methods = new Set(open.map(({ operation }) => operation.method));
    return [...methods].filter((method) => !taken.includes(method)).map((method) => ({ method, url }));
  });
}

function answerUnknownRoute(known: readonly Route[], request: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(request.url);
  const segments = path.split('/');
  const exact = known.filter(({ operation }) => operation.url === path);
  const found = exact.length > 0 ? exact : known.filter(({ operation }) => matches(operation.url, segments));
  const allowed = found.map(({ operation }) => operation.method);
  if (allowed.length === 0) sendProblem(request, reply, 'ROUTE_NOT_FOUND');
  else sendProblem(request, reply, 'METHOD_NOT_ALLOWED', { headers: { allow: allowed.join(', ') } });
}

function matches(pattern: string, segments: readonly string[]): boolean {
  const parts = pattern.split('/');
  return (
    parts.length === segments.length && parts.every((part, i) => part.startsWith(':') || part === segments[i])
  );
}
