/**
 * The HTTP side of the reference designs. It uses fastify, with the same tokens, strict JSON, schema, fingerprint and
 * order id as the product. Each design processes a valid order in its own way.
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { PlaceCommand } from '../../schemas/generated/types.ts';
import { readIdempotencyKey } from '../../services/ingestion/application/requests/idempotency-key.ts';
import { OrderRequest } from '../../services/ingestion/application/requests/order-request.ts';
import { type Check, compileCheck } from '../../services/ingestion/application/requests/validation.ts';
import { fingerprintOf } from '../../services/ingestion/application/submit/fingerprint.ts';
import { orderIdOf } from '../../services/ingestion/application/submit/order-id.ts';
import { placeCommand } from '../../services/ingestion/application/submit/to-command.ts';
import { HttpProblem, sendProblem } from '../../services/ingestion/http/problems.ts';
import { readBody } from '../../services/ingestion/http/requests/read-request.ts';
import {
  type Caller,
  createLocalIssuer,
  createVerifier,
  type Verifier,
} from '../../services/shared/auth/index.ts';
import { AppError } from '../../services/shared/errors/index.ts';

export type OrderToPlace = PlaceCommand & { orderId: string };

export interface Placed {
  readonly httpStatus: 200 | 201 | 202;
  readonly status: 'QUEUED' | 'PENDING_PAYMENT' | 'REJECTED';
}

/**
 * Creates an app with the route `POST /v1/orders`, which calls `place`. `keyDir` holds the keys of the local issuer.
 */
export async function createOrderApp(
  keyDir: string,
  place: (order: OrderToPlace) => Promise<Placed>,
): Promise<FastifyInstance> {
  const { jwksPath, issuer, audience } = await createLocalIssuer(keyDir);
  const verifier = createVerifier({ jwks: jwksPath, issuer, audience });
  const check = compileCheck(OrderRequest);
  const app = fastify({ logger: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler(answerError);
  app.post('/v1/orders', async (request, reply) => {
    const { customerId, scopes } = await callerOf(verifier, request);
    if (!scopes.has('orders:write')) throw new HttpProblem('SCOPE_MISSING');
    const order = readOrder(request, customerId, check);
    const { httpStatus, status } = await place(order);
    return reply
      .code(httpStatus)
      .header('content-type', 'application/json; charset=utf-8')
      .send(`{"id":"${order.orderId}","status":"${status}"}`);
  });
  return app;
}

function callerOf(verifier: Verifier, { headers }: FastifyRequest): Caller | Promise<Caller> {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) throw new HttpProblem('UNAUTHORIZED');
  return verifier.known(token) ?? verifier.verify(token);
}

function readOrder(request: FastifyRequest, customerId: string, check: Check<OrderRequest>): OrderToPlace {
  const field = request.headers['idempotency-key'];
  if (field === undefined) throw new HttpProblem('IDEMPOTENCY_KEY_MISSING');
  const idempotencyKey = typeof field === 'string' ? readIdempotencyKey(field) : null;
  if (idempotencyKey === null) throw new HttpProblem('IDEMPOTENCY_KEY_INVALID');
  const order = readBody(request, check);
  const orderId = orderIdOf(customerId, idempotencyKey);
  const fingerprint = fingerprintOf(order);
  return placeCommand(
    { orderId, customerId, idempotencyKey, fingerprint, order, traceparent: null },
    Date.now(),
  );
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof HttpProblem) {
    sendProblem(request, reply, error.code, { detail: error.message, errors: error.errors });
  } else if (error instanceof AppError && error.disposition === 'reject') {
    sendProblem(request, reply, 'UNAUTHORIZED');
  } else {
    console.error(error);
    sendProblem(request, reply, 'INTERNAL');
  }
}
