import { deliveryChange, returnChange, shipmentChange } from '../../../application/operators/changes.ts';
import {
  DeliveryRequest,
  ReturnRequest,
  ShipmentRequest,
} from '../../../application/requests/operator-request.ts';
import { deliveryFaults, lineFaults } from '../../../application/requests/operator-rules.ts';
import { type Check, compileCheck } from '../../../application/requests/validation.ts';
import { bodyOf, readBody, refuseFaults } from '../../requests/read-request.ts';
import { orderIdParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { commandOperation, orderCommandRoute } from './command-route.ts';

export const shipOrderOperation = commandOperation(
  {
    id: 'shipOrder',
    url: '/v1/orders/:id/shipments',
    summary: 'Report a parcel of an order',
    description:
      'Ships units of a paid order. Shipments have numbers from 1, in the order of their commands. When no unit is left, the order is `SHIPPED`.',
    parameters: [orderIdParameter],
    problems: ['NOT_FOUND'],
  },
  { schema: ShipmentRequest, required: false },
);

export function shipOrder(deps: RouteDeps): Route {
  const check = compileCheck(ShipmentRequest);
  return orderCommandRoute(deps, shipOrderOperation, (request) => {
    const sent = readOptional(request, check);
    refuseFaults(lineFaults(sent.lines));
    return { change: shipmentChange(sent), sent };
  });
}

export const deliverOrderOperation = commandOperation(
  {
    id: 'deliverOrder',
    url: '/v1/orders/:id/deliveries',
    summary: 'Report that parcels arrived',
    description:
      'Reports one shipment, or all that are on their way. When the last parcel of a shipped order has arrived, the order is `DELIVERED` and its return window begins.',
    parameters: [orderIdParameter],
    problems: ['NOT_FOUND'],
  },
  { schema: DeliveryRequest, required: false },
);

export function deliverOrder(deps: RouteDeps): Route {
  const check = compileCheck(DeliveryRequest);
  return orderCommandRoute(deps, deliverOrderOperation, (request) => {
    const sent = readOptional(request, check);
    const { shipment = null } = sent;
    const deliveredAtMs = readDeliveredAt(sent, deps.nowMs());
    return { change: deliveryChange({ shipment, deliveredAtMs }), sent };
  });
}

/** Epoch milliseconds. Throws the problem VALIDATION_FAILED for a time in the future, or before 1970. */
function readDeliveredAt({ deliveredAt }: DeliveryRequest, nowMs: number): number {
  if (deliveredAt === undefined) return nowMs;
  const atMs = Date.parse(deliveredAt);
  refuseFaults(deliveryFaults(atMs, nowMs));
  return atMs;
}

export const returnOrderOperation = commandOperation(
  {
    id: 'returnOrder',
    url: '/v1/orders/:id/returns',
    summary: 'Report goods that came back',
    description:
      'Takes shipped units back, and refunds them unless `refund` is false. Units of `restock` can be sold again at once. A unit that was refunded before is not refunded again.',
    parameters: [orderIdParameter],
    problems: ['NOT_FOUND'],
  },
  { schema: ReturnRequest, required: false },
);

export function returnOrder(deps: RouteDeps): Route {
  const check = compileCheck(ReturnRequest);
  return orderCommandRoute(deps, returnOrderOperation, (request) => {
    const sent = readOptional(request, check);
    refuseFaults(lineFaults(sent.lines));
    return { change: returnChange(sent), sent };
  });
}

/** Without a body, the command means the whole order. */
function readOptional<T extends object>(
  request: Parameters<typeof readBody>[0],
  check: Check<T>,
): T | Record<string, never> {
  return bodyOf(request).length === 0 ? {} : readBody(request, check);
}
