/** The HTTP application, built without listening. `request-stages.ts` lists the stages of a request. */
import type { Server } from 'node:http';
import fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { errorMessage } from '../../shared/errors/index.ts';
import type { ServerTls } from '../../shared/tls/index.ts';
import { noTraces, requestSpec, type Traces } from '../../shared/trace/index.ts';
import type { FlagDeps } from '../application/limits/flags.ts';
import { problemTable } from '../problems/problem-table.ts';
import { answerClientError } from './client-error.ts';
import type { Operation } from './operation.ts';
import { preferredWaitSeconds } from './prefer.ts';
import { callersTraceparentOf, HttpProblem, sendProblem, traceFieldsOf } from './problems.ts';
import { firstStages, stagesOf } from './request-stages.ts';
import type { AccessLog } from './requests/access-log.ts';
import { type AdmitDeps, refuseCaller } from './requests/admit.ts';
import { bodyBytesMax, registerBodyParsers, registerRawParser } from './requests/bodies.ts';
import { type Charges, createCharges } from './requests/charge-orders.ts';
import { endMessage } from './requests/check-message.ts';
import { type Route, type RouteDeps, routes } from './routes/index.ts';
import { pageUrls, registerPages } from './routes/pages.ts';
import {
  answerBadPath,
  answerUnknownRoute,
  type KnownRoute,
  methodsOf,
  registerShadowed,
} from './unknown-routes.ts';

interface HttpLimits {
  readonly headerBytesMax: number;
  /** Maximum time from the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** Maximum time from the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** Maximum time between two requests of a connection. */
  readonly keepAliveTimeoutMs: number;
  readonly socketsMax: number;
  /** Maximum number of open requests of one connection. */
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

export interface AppDeps extends RouteDeps, AdmitDeps, FlagDeps {
  readonly limits?: Partial<HttpLimits>;
  readonly accessLog: AccessLog;
  /** The certificate of the server. Without it the server speaks plain HTTP. */
  readonly tls?: ServerTls | undefined;
  readonly traces?: Traces;
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
    ...serverOptions(limits, deps.tls),
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
  app.decorateRequest('chargedOrders', 0);
  app.decorateRequest('isSwitchedOff', false);
  app.decorateRequest('customerKey', null);
  app.decorateRequest('traceId', null);
  app.decorateRequest('span', null);
  app.setErrorHandler((error, request, reply) => answerError(deps, known, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnknownRoute(known, request, reply));
  app.addHook('onResponse', (request, _reply, done) => {
    endMessage(request);
    done();
  });
  for (const stage of firstStages(limits.pipelineMax, deps.corsOrigins ?? [], known)) {
    app.addHook('onRequest', stage);
  }
  const charges = createCharges(deps.rates);
  for (const route of served) {
    if (route.operation.body?.isRaw !== true) registerRoute(app, deps, charges, route);
    else registerRawRoute(app, deps, charges, route);
  }
  registerShadowed(app, known);
  registerPages(app, operations);
  return app;
}

/** Fastify takes the options of Node's server as `http` or as `https`. Only the types of the two differ. */
function serverOptions(
  limits: HttpLimits,
  tls: ServerTls | undefined,
): Pick<FastifyHttpOptions<Server>, 'http'> {
  const options = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: connectionsCheckMs,
    // Node would respond without a body. `faultOfMessage` checks the header instead.
    requireHostHeader: false,
  };
  return tls === undefined ? { http: options } : ({ https: { ...options, ...tls } } as object);
}

/** Registers the route in a separate scope, where bodies of every content type are bytes. */
function registerRawRoute(app: FastifyInstance, deps: AppDeps, charges: Charges, route: Route): void {
  app.register(async (scope) => {
    registerRawParser(scope);
    registerRoute(scope, deps, charges, route);
  });
}

/** The statuses that the operation documents, each once. */
function statusesOf({ responses, problems }: Operation): Set<number> {
  return new Set([
    ...Object.keys(responses).map(Number),
    ...problems.map((code) => problemTable[code].status),
  ]);
}

interface RequestLabels {
  readonly route: string;
  readonly status: number;
  /** The error budget does not count requests that an operator's flag refused. */
  readonly cause: 'flag' | 'other';
}

function flagLabels({ id }: Operation): RequestLabels {
  return { route: id, status: 503, cause: 'flag' };
}

function registerRoute(app: FastifyInstance, deps: AppDeps, charges: Charges, route: Route): void {
  const { operation } = route;
  for (const status of statusesOf(operation)) {
    deps.metrics.zero('http_requests_total', { route: operation.id, status, cause: 'other' });
  }
  if (operation.flags !== undefined) deps.metrics.zero('http_requests_total', flagLabels(operation));
  const labels = new Map<number, RequestLabels>();
  const stages = stagesOf(deps, charges, route);
  app.route({
    method: methodsOf(operation.method),
    url: operation.url,
    bodyLimit: bodyBytesMax(operation),
    ...stages,
    onRequest: [...spanStages(deps, operation), ...stages.onRequest],
    onResponse: (request, reply, done) => {
      let label = labels.get(reply.statusCode);
      if (label === undefined) {
        label = { route: operation.id, status: reply.statusCode, cause: 'other' };
        labels.set(reply.statusCode, label);
      }
      deps.metrics.inc('http_requests_total', request.isSwitchedOff ? flagLabels(operation) : label);
      deps.metrics.observe('http_request_seconds', reply.elapsedTime / 1000, {
        route: operation.id,
        mode: modeOf(operation, request),
      });
      deps.accessLog(request, reply, operation.id);
      endSpan(request, reply);
      done();
    },
    config: {
      queryNames: operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name),
    },
  });
}

/** The first stage of a traced operation: it starts the span of the request. Without an SDK there is no stage. */
function spanStages({ traces = noTraces }: AppDeps, { method, url }: Operation): onRequestHookHandler[] {
  if (!traces.isOn) return [];
  const spec = requestSpec(method, url);
  return [
    (request, _reply, done) => {
      request.span = traces.startRoot(spec, callersTraceparentOf(request));
      done();
    },
  ];
}

/** Only a fault of the server is an error of its span. */
function endSpan({ span }: FastifyRequest, { statusCode }: FastifyReply): void {
  span?.set({ 'http.response.status_code': statusCode });
  span?.end(statusCode >= 500 ? String(statusCode) : null);
}

/** The client chooses how long a wait or a stream lasts. So their times are kept apart. */
function modeOf({ responses }: Operation, request: FastifyRequest): 'plain' | 'wait' | 'stream' {
  if (responses[200]?.mediaType === 'text/event-stream') return 'stream';
  return preferredWaitSeconds(request.headers['prefer']) > 0 ? 'wait' : 'plain';
}

function answerError(
  deps: AppDeps,
  known: readonly KnownRoute[],
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // Fastify closes the connection if it has not read the whole body. Here `http/drain.ts` reads the rest.
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
  else if (statusCode === 413) sendProblem(request, reply, 'BODY_TOO_LARGE', { detail: limitOf(request) });
  else if (statusCode === 415) sendProblem(request, reply, 'MEDIA_TYPE_UNSUPPORTED');
  else if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    sendProblem(request, reply, 'BAD_REQUEST', { detail: errorMessage(error) });
  } else if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') sendProblem(request, reply, 'BAD_REQUEST');
  else {
    noteBug(deps, request, error);
    sendProblem(request, reply, 'INTERNAL');
  }
}

function limitOf({ routeOptions }: FastifyRequest): string {
  return `The body of this request may have at most ${routeOptions.bodyLimit! / 1024} KiB.`;
}

function noteBug({ log }: AppDeps, request: FastifyRequest, error: unknown): void {
  const fields = { err: error, url: request.routeOptions.url, ...traceFieldsOf(request) };
  log.error(fields, 'a request failed unexpectedly');
}
