import type { FastifyRequest } from 'fastify';
import { Failure } from '../../application/common/failure.ts';
import { startTurn } from '../../application/common/turn.ts';
import { type BatchPlaced, placeBatch as place } from '../../application/orders/place-batch.ts';
import { readKeyText } from '../../application/requests/idempotency-key.ts';
import { BatchRequest } from '../../application/requests/order-request.ts';
import { encodeSubmission, type OrderSubmission } from '../../application/submit/order-submission.ts';
import { problemOf } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { HttpProblem, pathOf, problemBody, traceFieldsOf, traceIdOf, traceparentOf } from '../problems.ts';
import { type BatchText, createBatchReader, type ReadItem } from '../requests/read-batch.ts';
import { jsonMediaType, statusUrlOf } from '../responses.ts';
import { BatchResult } from '../schemas/problem.ts';
import { traceparentParameter } from './parameters.ts';
import type { RouteDeps, RouteOf } from './route.ts';

export const placeBatchOperation: Operation = {
  id: 'placeOrders',
  method: 'POST',
  url: '/v1/orders/batch',
  summary: 'Place up to 500 orders',
  description: 'Each order has its own key and result. An invalid order does not affect the others.',
  scope: 'orders:write',
  admissionClass: 'write',
  flags: ['intake', 'batch'],
  charge: 'batch',
  sealsBody: true,
  parameters: [traceparentParameter],
  body: { schema: BatchRequest, bytesMax: 2 * 1024 * 1024, required: true },
  responses: {
    200: {
      description: 'One result per order, in request order.',
      schema: BatchResult,
      headers: ['RateLimit', 'RateLimit-Policy'],
    },
  },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'RATE_LIMITED',
    'INTAKE_OFF',
    'BATCH_OFF',
  ],
};

export function placeBatch(deps: RouteDeps): RouteOf<BatchText> {
  const reader = createBatchReader();
  return {
    operation: placeBatchOperation,
    read: reader.split,
    countOrders: ({ items }) => items.length,
    async handler(request, reply, batch) {
      const context: BatchContext = { ...deps, request, traceId: once(() => traceIdOf(request)) };
      const { items, submissions, indices } = await readItems(context, reader.readItem, batch);
      const results = await place(deps, submissions);
      for (let i = 0; i < results.length; i++) {
        const index = indices[i]!;
        items[index] = itemText(context, index, submissions[i]!.orderId, results[i]!);
      }
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(`{"items":[${items.join(',')}]}`);
    },
  };
}

interface BatchContext extends RouteDeps {
  readonly request: FastifyRequest;
  /**
   * All problems of the response have the same trace id. Created on first use, because most responses have no
   * problem.
   */
  readonly traceId: () => string;
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface Items {
  /** The results as JSON. At first only items that are not submitted have one. */
  readonly items: string[];
  readonly submissions: OrderSubmission[];
  /** The index of the item of each submission. */
  readonly indices: number[];
}

/** Reads item by item in several turns of the event loop, so that other requests run in between. */
async function readItems(context: BatchContext, readItem: ReadItem, batch: BatchText): Promise<Items> {
  const { request } = context;
  const read: Items = { items: new Array(batch.items.length), submissions: [], indices: [] };
  const { customerId } = request.caller;
  const { customerKey } = request;
  const traceparent = traceparentOf(request);
  const turn = startTurn();
  for (let index = 0; index < batch.items.length; index++) {
    if (turn.isOver()) await turn.next();
    const { problem, value } = readItem(batch, index);
    if (problem !== null) {
      read.items[index] = problemText(context, index, problem);
      continue;
    }
    try {
      const { order } = value;
      const idempotencyKey = readKeyText(value.idempotencyKey);
      const input = { customerId, traceparent, order, idempotencyKey, customerKey };
      read.submissions.push(encodeSubmission(context, input));
      read.indices.push(index);
    } catch (error) {
      read.items[index] = problemText(context, index, error);
    }
  }
  return read;
}

/** The parts of a result without a problem need no escaping, so the code concatenates the text. */
function itemText(
  context: BatchContext,
  index: number,
  orderId: string,
  result: BatchPlaced | Failure,
): string {
  if (result instanceof Failure) return problemText(context, index, problemOf(result));
  const { position, replayed, decided } = result;
  const url = statusUrlOf(context, orderId, context.request.caller.customerId, position);
  const status = decided ? 200 : 202;
  const mark = replayed ? ',"replayed":true' : '';
  return `{"index":${index},"status":${status},"id":"${orderId}","statusUrl":"${url}"${mark}}`;
}

function problemText({ log, request, traceId }: BatchContext, index: number, error: unknown): string {
  const known =
    error instanceof HttpProblem ? error : new HttpProblem('INTERNAL', undefined, { cause: error });
  const { code, message: detail, errors, cause } = known;
  if (code === 'INTERNAL')
    log.error({ err: cause, index, ...traceFieldsOf(request) }, 'an order of a batch failed unexpectedly');
  const instance = pathOf(request.url);
  const problem = problemBody(code, { detail, errors, instance, traceId: traceId() });
  return JSON.stringify({ index, status: problem.status, problem });
}
