import type { FastifyRequest } from 'fastify';
import { jsonMediaType, statusUrlOf } from '../answers.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { pointerSegment } from '../json-faults.ts';
import type { Operation } from '../operation.ts';
import { orderIdOf } from '../order-id.ts';
import { HttpProblem, type ProblemBody, pathOf, problemBody, traceIdOf, traceparentOf } from '../problems.ts';
import { refuseDenied, takeOrders } from '../rate-check.ts';
import { readJson, validationProblem } from '../read-request.ts';
import { BatchFrame, BatchItem, BatchRequest } from '../shapes/order-request.ts';
import { BatchResult } from '../shapes/problem.ts';
import type { JsonFault } from '../strict-json.ts';
import type { PlaceWish } from '../to-command.ts';
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

interface ItemResult {
  readonly index: number;
  readonly status: number;
  readonly id?: string;
  readonly statusUrl?: string;
  readonly replayed?: true;
  readonly problem?: ProblemBody;
}

export function placeBatch(deps: RouteDeps): Route {
  const checkFrame = compileCheck(BatchFrame);
  const checkItem = compileCheck(BatchItem);
  return {
    operation: placeBatchOperation,
    async handler(request, reply) {
      refuseDenied(deps.rates, request, reply);
      const { orders, faults } = readFrame(request, checkFrame);
      await takeOrders(deps.rates, request, reply, orders.length);
      const context: Context = {
        request,
        instance: pathOf(request.url),
        traceparent: traceparentOf(request),
        traceId: once(() => traceIdOf(request)),
      };
      const items = await Promise.all(
        orders.map((item, index) => placeItem(deps, context, checkItem, item, index, faults[index])),
      );
      return reply.code(200).header('content-type', jsonMediaType).send(JSON.stringify({ items }));
    },
  };
}

interface Context {
  readonly request: FastifyRequest;
  readonly instance: string;
  readonly traceparent: string | null;
  /** Only problems have one to tell, and most batches have none. */
  readonly traceId: () => string;
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * The items unchecked, and by index what strict JSON found in them. A fault outside of any item refuses the whole, and so
 * do more faults than are looked for: an item behind them would pass unseen.
 */
function readFrame(request: FastifyRequest, check: Check<BatchFrame>) {
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

async function placeItem(
  deps: RouteDeps,
  context: Context,
  check: Check<BatchItem>,
  item: unknown,
  index: number,
  jsonFaults: readonly JsonFault[] | undefined,
): Promise<ItemResult> {
  try {
    if (jsonFaults !== undefined)
      throw new HttpProblem('JSON_INVALID', jsonFaults[0]!.detail, { errors: jsonFaults });
    const checked = check(item, `/orders${pointerSegment(index)}`);
    if (checked.faults !== null) throw validationProblem(checked.faults);
    const wish = wishOf(context, checked.value);
    const { orderId: id, position, replayed } = await deps.submit(wish);
    const isOut = replayed && (deps.lanes.nextUnpublished(position.partition) ?? 0) > position.offset;
    return {
      index,
      status: isOut ? 200 : 202,
      id,
      statusUrl: statusUrlOf(deps, id, wish.customerId, position),
      ...(replayed ? { replayed } : {}),
    };
  } catch (error) {
    const { instance, traceId } = context;
    if (!(error instanceof HttpProblem)) deps.log.error({ err: error, index }, 'An order of a batch failed');
    const told = error instanceof HttpProblem ? error : new HttpProblem('INTERNAL');
    const { message: detail, errors } = told;
    const problem = problemBody(told.code, { detail, errors, instance, traceId: traceId() });
    return { index, status: problem.status, problem };
  }
}

function wishOf({ request, traceparent }: Context, { idempotencyKey, order }: BatchItem): PlaceWish {
  const { customerId } = request.caller;
  const orderId = orderIdOf(customerId, idempotencyKey);
  return { orderId, customerId, idempotencyKey, fingerprint: fingerprintOf(order), order, traceparent };
}
