/**
 * The HTTP application, built without listening. The stages of a request, in order: the shape of the HTTP message, its
 * origin, admission, token and scope, rate, then the route with body, handler and answer. Everything up to the rate happens
 * before the body is parsed.
 */
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorMessage } from '../../shared/errors/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Admission } from '../application/limits/admission.ts';
import type { Bodies } from '../application/limits/body-budget.ts';
import type { Entry } from '../application/limits/entry.ts';
import type { Refusals } from '../application/limits/refusals.ts';
import type { Usage } from '../application/limits/usage.ts';
import { type AuthDeps, authenticate, knownCaller } from './auth.ts';
import { answerClientError, faultOfMessage } from './client-error.ts';
import { createCors } from './cors.ts';
import type { Operation } from './operation.ts';
import { HttpProblem, sendProblem } from './problems.ts';
import { bodyBytesMax, refuseBody, registerBodyParsers } from './requests/bodies.ts';
import { openQuery } from './requests/read-request.ts';
import { receiveBody } from './requests/receive-body.ts';
import { type Route, type RouteDeps, routes } from './routes/index.ts';
import { pageUrls, registerPages } from './routes/pages.ts';
import {
  answerBadPath,
  answerUnknownRoute,
  type KnownRoute,
  methodsOf,
  registerShadowed,
} from './unknown-routes.ts';

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

export interface AppDeps extends RouteDeps, AuthDeps {
  readonly admission: Pick<Admission, 'refusal' | 'retryAfterSeconds'>;
  readonly entry: Entry;
  readonly bodies: Bodies;
  readonly refusals: Refusals;
  readonly usage: Usage;
  readonly metrics: Metrics;
  readonly limits?: Partial<HttpLimits>;
  /** Origins whose scripts may use the API. */
  readonly corsOrigins?: readonly string[];
}

const connectionsCheckMs = 1_000;

export function createApp(deps: AppDeps): FastifyInstance {
  const limits = { ...httpLimits, ...deps.limits };
  const served = routes(deps);
  const operations = served.map(({ operation }) => operation);
  const known: KnownRoute[] = [...operations, ...pageUrls.map((url) => ({ method: 'GET', url }))];
  const app = fastify({
    logger: false,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
      // Node would answer without a body; see `faultOfMessage`.
      requireHostHeader: false,
    },
    // The request line limits the length. An id that is too long is an unknown id, not an unknown route.
    routerOptions: { maxParamLength: limits.headerBytesMax },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(deps, known, error, request, reply),
  });
  app.server.maxConnections = limits.socketsMax;
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  registerBodyParsers(app);
  app.decorateRequest('caller');
  app.setErrorHandler((error, request, reply) => answerError(deps, known, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnknownRoute(known, request, reply));
  app.addHook('onResponse', (request, _reply, done) => {
    // A connection that broke meanwhile keeps its count, because no more requests can follow.
    (request.raw.socket as CountingSocket)[openRequests]! -= 1;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => checkMessage(limits.pipelineMax, request, reply, done));
  const cors = createCors(deps.corsOrigins ?? [], known);
  if (cors !== null) {
    app.addHook('onRequest', (request, reply, done) => {
      if (!cors.handle(request, reply)) done();
    });
  }
  for (const route of served) registerRoute(app, deps, route);
  registerShadowed(app, known);
  registerPages(app, operations);
  return app;
}

function registerRoute(app: FastifyInstance, deps: AppDeps, { operation, handler }: Route): void {
  const labels = new Map<number, { route: string; status: number }>();
  app.route({
    method: methodsOf(operation.method),
    url: operation.url,
    bodyLimit: bodyBytesMax(operation),
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
    config: {
      queryNames: operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name),
    },
    handler: withKnownQuery(
      operation.body === undefined && operation.method !== 'GET' ? withoutBody(handler) : handler,
    ),
  });
}

/** The handler of an operation with query parameters reports unknown ones together with its own faults. */
function withKnownQuery(handler: Route['handler']): Route['handler'] {
  return async (request, reply) => {
    if (request.routeOptions.config.queryNames?.length === 0) openQuery(request).check();
    return handler(request, reply);
  };
}

function withoutBody(handler: Route['handler']): Route['handler'] {
  return async (request, reply) => {
    refuseBody(request);
    return handler(request, reply);
  };
}

const openRequests = Symbol('openRequests');
type CountingSocket = Socket & { [openRequests]?: number };

/** Refuses what the HTTP parser accepts but no correct client sends, and limits pipelining. */
function checkMessage(
  pipelineMax: number,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const fault = faultOfMessage(request.raw);
  if (fault !== null) {
    reply.header('connection', 'close');
    sendProblem(request, reply, fault.code, { detail: fault.detail });
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

/** Admission, token, and the caller's shares; the body is still on the wire. */
function enter(
  deps: AppDeps,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const refusal = deps.admission.refusal(operation.share);
  if (refusal !== null && (refusal === 'lag' || !isLight(deps, request))) {
    deps.metrics.inc('ingestion_refusals_total', { reason: refusal });
    const headers = { 'retry-after': String(deps.admission.retryAfterSeconds(refusal)) };
    sendProblem(request, reply, 'OVERLOADED', { headers });
    return;
  }
  authenticate(deps, operation.scope, request, reply, () => {
    deps.usage.note(request.caller.customerId);
    const isTaken = deps.entry.come(request.caller.customerId, () => {
      // The client may have disconnected while it waited.
      if (request.raw.socket.destroyed) return;
      if (receiveBody(deps.bodies, operation, request, reply)) done();
      else refuseShare(deps, request, reply, 'You send too many request bodies, or too many invalid ones.');
    });
    if (!isTaken) refuseShare(deps, request, reply, 'You have the maximum number of open requests.');
  });
}

/** Whether other callers cause the load. An unknown token is not verified for this, to save the cost. */
function isLight(deps: AppDeps, request: FastifyRequest): boolean {
  const caller = knownCaller(deps, request);
  if (caller === null) return false;
  if (deps.usage.isLight(caller.customerId)) return true;
  deps.usage.note(caller.customerId);
  return false;
}

function refuseShare(deps: AppDeps, request: FastifyRequest, reply: FastifyReply, detail: string): void {
  deps.metrics.inc('ingestion_refusals_total', { reason: 'share' });
  refuseCaller(deps, request, () =>
    sendProblem(request, reply, 'SHARE_USED_UP', { detail, headers: { 'retry-after': '1' } }),
  );
}

/** Refuses now, or with a delay for a caller that keeps sending refused requests. */
function refuseCaller({ refusals }: AppDeps, request: FastifyRequest, refuse: () => void): void {
  const delayMs = refusals.delayMs(request.caller.customerId);
  if (delayMs === 0) refuse();
  else setTimeout(refuse, delayMs);
}

function answerError(
  deps: AppDeps,
  known: readonly KnownRoute[],
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // Fastify closes the connection when it has not read the whole body. Here the rest is read (http/drain.ts).
  if (!request.raw.complete) reply.removeHeader('connection');
  if (error instanceof HttpProblem) {
    const { code, message: detail, errors, headers, cause } = error;
    if (code === 'INTERNAL') noteBug(deps, request, cause);
    const send = () => void sendProblem(request, reply, code, { detail, errors, headers });
    if (code === 'RATE_LIMITED' || code === 'SHARE_USED_UP') refuseCaller(deps, request, send);
    else send();
    return;
  }
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (code === 'FST_ERR_BAD_URL') answerBadPath(request, reply);
  else if (request.is404) answerUnknownRoute(known, request, reply);
  else if (statusCode === 413) sendProblem(request, reply, 'BODY_TOO_LARGE');
  else if (statusCode === 415) sendProblem(request, reply, 'MEDIA_TYPE_UNSUPPORTED');
  else if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    sendProblem(request, reply, 'BAD_REQUEST', { detail: errorMessage(error) });
  } else if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') sendProblem(request, reply, 'BAD_REQUEST');
  else {
    noteBug(deps, request, error);
    sendProblem(request, reply, 'INTERNAL');
  }
}

function noteBug({ log }: AppDeps, request: FastifyRequest, error: unknown): void {
  log.error({ err: error, url: request.routeOptions.url }, 'A request failed unexpectedly');
}
