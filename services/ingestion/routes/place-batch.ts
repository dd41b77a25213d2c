import type { FastifyRequest } from 'fastify';
import { jsonMediaType, statusUrlOf } from '../answers.ts';
import { pointerSegment } from '../json-faults.ts';
import type { Operation } from '../operation.ts';
import { HttpProblem, pathOf, problemBody, traceIdOf, traceparentOf } from '../problems.ts';
import { refuseDenied, takeOrders } from '../rate-check.ts';
import { type Place, readPlace } from '../read-place.ts';
import { readJson, validationProblem } from '../read-request.ts';
import { BatchFrame, BatchItem, BatchRequest } from '../shapes/order-request.ts';
import { BatchResult } from '../shapes/problem.ts';
import type { JsonFault } from '../strict-json.ts';
import type { Submission } from '../submissions.ts';
import { type Check, compileCheck } from '../validation.ts';
import { traceparentParameter } from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const placeBatchOperation: Operation = {
  id: 'placeOrders',
  method: 'POST',
  url: '/v1/orders/batch',
  summary: 'Place up to 500 orders',
  description: 'Each order has its own key and its own result; a bad one harms no other.',
  scope: 'orders:write',
  share: 'write',
  parameters: [traceparentParameter],
  body: { schema: BatchRequest, bytesMax: 2 * 1024 * 1024, required: true },
  answers: {
    200: {
      description: 'One result per order, in order.',
      schema: BatchResult,
      headers: ['RateLimit', 'RateLimit-Policy'],
    },
  },
  problems: ['JSON_INVALID', 'VALIDATION_FAILED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'RATE_LIMITED'],
};

export function placeBatch(deps: RouteDeps): Route {
  const checkFrame = compileCheck(BatchFrame);
  const checkItem = compileCheck(BatchItem);
  return {
    operation: placeBatchOperation,
    async handler(request, reply) {
      refuseDenied(deps.rates, request, reply);
      const frame = readFrame(request, checkFrame);
      const leasing = takeOrders(deps.rates, request, reply, frame.orders.length);
      if (leasing !== undefined) await leasing;
      const context: Context = { ...deps, request, traceId: once(() => traceIdOf(request)) };
      const { items, places, indices } = readItems(context, checkItem, frame);
      const submissions = await deps.submit(places);
      for (let i = 0; i < submissions.length; i++) {
        const index = indices[i]!;
        items[index] = answerText(context, index, places[i]!.orderId, submissions[i]!);
      }
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(`{"items":[${items.join(',')}]}`);
    },
  };
}

interface Context extends RouteDeps {
  readonly request: FastifyRequest;
  /** The same for all problems of the answer. Most have none. */
  readonly traceId: () => string;
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface Frame {
  readonly orders: readonly unknown[];
  /** What strict JSON found, by the index of the item. */
  readonly faults: readonly (readonly JsonFault[] | undefined)[];
}

/**
 * The items unchecked, and by index what strict JSON found in them. A fault outside of any item refuses the whole, and so
 * do more faults than are looked for: an item behind them would pass unseen.
 */
function readFrame(request: FastifyRequest, check: Check<BatchFrame>): Frame {
  const { value, faults, isComplete } = readJson(request);
  if (!isComplete) throw new HttpProblem('JSON_INVALID', faults[0]!.detail, { errors: faults });
  const byIndex: JsonFault[][] = [];
  for (const fault of faults) {
    const index = /^\/orders\/(\d{1,3})(?:\/|$)/.exec(fault.pointer)?.[1];
    if (index === undefined) throw new HttpProblem('JSON_INVALID', fault.detail, { errors: faults });
    byIndex[Number(index)] = [...(byIndex[Number(index)] ?? []), fault];
  }
  const checked = check(value);
  if (checked.faults !== null) throw validationProblem(checked.faults);
  return { orders: checked.value.orders, faults: byIndex };
}

interface Items {
  /** The answers as JSON; so far only of those that are no places. */
  readonly items: string[];
  readonly places: Place[];
  /** Of each place, the index of its item. */
  readonly indices: number[];
}

function readItems(context: Context, check: Check<BatchItem>, { orders, faults }: Frame): Items {
  const { request } = context;
  const read: Items = { items: new Array(orders.length), places: [], indices: [] };
  const { customerId } = request.caller;
  const traceparent = traceparentOf(request);
  for (let index = 0; index < orders.length; index++) {
    try {
      const { idempotencyKey, order } = readItem(check, orders[index], index, faults[index]);
      read.places.push(readPlace(context, { customerId, idempotencyKey, order, traceparent }));
      read.indices.push(index);
    } catch (error) {
      read.items[index] = problemText(context, index, error);
    }
  }
  return read;
}

function readItem(
  check: Check<BatchItem>,
  item: unknown,
  index: number,
  faults: readonly JsonFault[] | undefined,
): BatchItem {
  if (faults !== undefined) throw new HttpProblem('JSON_INVALID', faults[0]!.detail, { errors: faults });
  const checked = check(item, `/orders${pointerSegment(index)}`);
  if (checked.faults !== null) throw validationProblem(checked.faults);
  return checked.value;
}

/** The parts of an answer without a problem need no escaping, so the text is put together by hand. */
function answerText(context: Context, index: number, orderId: string, submission: Submission): string {
  if (submission instanceof Error) return problemText(context, index, submission);
  const { position, replayed } = submission;
  const isOut = replayed && (context.lanes.nextUnpublished(position.partition) ?? 0) > position.offset;
  const url = statusUrlOf(context, orderId, context.request.caller.customerId, position);
  const status = isOut ? 200 : 202;
  const mark = replayed ? ',"replayed":true' : '';
  return `{"index":${index},"status":${status},"id":"${orderId}","statusUrl":"${url}"${mark}}`;
}

function problemText({ log, request, traceId }: Context, index: number, error: unknown): string {
  if (!(error instanceof HttpProblem)) log.error({ err: error, index }, 'An order of a batch failed');
  const {
    code,
    message: detail,
    errors,
  } = error instanceof HttpProblem ? error : new HttpProblem('INTERNAL');
  const instance = pathOf(request.url);
  const problem = problemBody(code, { detail, errors, instance, traceId: traceId() });
  return JSON.stringify({ index, status: problem.status, problem });
}
