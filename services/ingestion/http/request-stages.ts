/**
 * The stages of a request, in calling order. A stage passes the request on or ends it with a problem. The stages of
 * `onRequest` run before the first byte of the body is read. Then fastify receives the body. It refuses a body that
 * is too large or of another type.
 */
import type { onRequestHookHandler, preHandlerHookHandler, RouteHandlerMethod } from 'fastify';
import type { FlagDeps } from '../application/limits/flags.ts';
import { authenticate, senderOf } from './auth.ts';
import { createCors } from './cors.ts';
import { type Operation, scopesOf } from './operation.ts';
import { type AdmitDeps, admit, budgetBody, takeTurn } from './requests/admit.ts';
import { refuseBody } from './requests/bodies.ts';
import type { Charge, Charges } from './requests/charge-orders.ts';
import { checkMessage } from './requests/check-message.ts';
import { flagStage } from './requests/flag-stage.ts';
import { type KeyDeps, keyStage } from './requests/key-stage.ts';
import { refuseQuery } from './requests/read-request.ts';
import type { Route } from './routes/route.ts';
import type { KnownRoute } from './unknown-routes.ts';

/** Stages of every request, even if it matches no operation: message → origin. */
export function firstStages(
  pipelineMax: number,
  corsOrigins: readonly string[],
  known: readonly KnownRoute[],
): onRequestHookHandler[] {
  const cors = createCors(corsOrigins, known);
  const message: onRequestHookHandler = (request, reply, done) =>
    checkMessage(pipelineMax, request, reply, done);
  const origin: onRequestHookHandler = (request, reply, done) => {
    if (cors?.handle(request, reply) !== true) done();
  };
  return cors === null ? [message] : [message, origin];
}

interface StageDeps extends AdmitDeps, FlagDeps, KeyDeps {}

export interface OperationStages {
  readonly onRequest: onRequestHookHandler[];
  readonly preHandler: preHandlerHookHandler[];
  readonly handler: RouteHandlerMethod;
}

/**
 * Of an operation: admission → token → flags → turn → body budget, then query → rate → key → body → shape → submit. `charge` of
 * the operation defines the charge of the rate stage. With `sealsBody`, the key of the caller is read. A batch is charged for its bytes before parsing, and for its
 * orders after it.
 */
export function stagesOf(deps: StageDeps, charges: Charges, route: Route): OperationStages {
  const { operation } = route;
  const preHandler: preHandlerHookHandler[] = [];
  if (!operation.parameters.some((parameter) => parameter.in === 'query')) preHandler.push(noQuery);
  if (operation.charge !== undefined) preHandler.push(rateStage(charges, operation.charge));
  if (operation.sealsBody === true) preHandler.push(keyStage(deps));
  if (operation.body === undefined && operation.method !== 'GET') preHandler.push(noBody);
  return {
    onRequest: [
      (request, reply, done) => admit(deps, operation, request, reply, done),
      identifyStage(deps, operation),
      flagStage(deps, operation),
      (request, reply, done) => takeTurn(deps, request, reply, done),
      (request, reply, done) => budgetBody(deps, operation, request, reply, done),
    ],
    preHandler,
    handler: lastStages(charges.orders, route),
  };
}

/** A request without a token belongs to its address until its signature is checked. */
function identifyStage(deps: AdmitDeps, operation: Operation): onRequestHookHandler {
  const scopes = scopesOf(operation);
  if (scopes !== null) return (request, reply, done) => authenticate(deps, scopes, request, reply, done);
  return (request, _reply, done) => {
    request.caller = senderOf(request);
    done();
  };
}

/** An operation with query parameters reads them in its handler. */
const noQuery: preHandlerHookHandler = (request, _reply, done) => {
  refuseQuery(request);
  done();
};

const noBody: preHandlerHookHandler = (request, _reply, done) => {
  refuseBody(request);
  done();
};

function rateStage(charges: Charges, charge: 'order' | 'batch'): preHandlerHookHandler {
  return (request, reply, done) => {
    const charging = charge === 'batch' ? charges.bytes(request, reply) : charges.orders(request, reply, 1);
    if (charging === undefined) done();
    else charging.then(() => done(), done);
  };
}

const nothingToRead = (): undefined => undefined;

/**
 * `read` is the stages body and shape. The handler submits to the application and sends the response. It also
 * checks the items of a batch.
 */
function lastStages(charge: Charge, route: Route): RouteHandlerMethod {
  const { read = nothingToRead, countOrders } = route;
  if (countOrders === undefined) return (request, reply) => route.handler(request, reply, read(request));
  return async (request, reply) => {
    const input = read(request);
    await charge(request, reply, countOrders(input));
    return route.handler(request, reply, input);
  };
}
