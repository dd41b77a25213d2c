/** The methods of the warehouse, and of operators who return money. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import {
  deliveryChange,
  refundChange,
  retryChange,
  returnChange,
  shipmentChange,
} from '../../application/operators/changes.ts';
import type { RequestFault } from '../../application/requests/fault.ts';
import {
  DeliveryRequest,
  RefundRequest,
  ReturnRequest,
  ShipmentRequest,
} from '../../application/requests/operator-request.ts';
import {
  deliveryFaults,
  lineFaults,
  readRefundId,
  refundFaults,
} from '../../application/requests/operator-rules.ts';
import { type Check, compileCheck } from '../../application/requests/validation.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { msOf } from '../messages/times.ts';
import { invalid, Problem } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import type { UnaryMethod } from './method.ts';
import { operatorMethod } from './operator-method.ts';

export function shipOrder(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(ShipmentRequest);
  return operatorMethod(deps, Orders.method.shipOrder, ({ lines, carrier, trackingNumber }) => {
    const members = { ...unitsMember(lines), ...present({ carrier, trackingNumber }) };
    const sent = valid(check, members, (request) => lineFaults(request.lines));
    return sent instanceof Problem ? sent : { change: shipmentChange(sent), sent };
  });
}

export function deliverOrder(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(DeliveryRequest);
  return operatorMethod(deps, Orders.method.deliverOrder, ({ shipment, deliveredTime }) => {
    const nowMs = deps.nowMs();
    const deliveredAtMs = deliveredTime === undefined ? nowMs : msOf(deliveredTime);
    const members = present({ shipment, deliveredAt: textOf(deliveredTime) });
    const sent = valid(check, members, () => deliveryFaults(deliveredAtMs, nowMs));
    if (sent instanceof Problem) return sent;
    return { change: deliveryChange({ shipment: shipment ?? null, deliveredAtMs }), sent };
  });
}

export function returnOrder(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(ReturnRequest);
  return operatorMethod(deps, Orders.method.returnOrder, ({ lines, refund, reason }) => {
    const returned = lines.map(({ line, quantity, restock }) => ({ line, quantity, restock }));
    const members = { ...(returned.length > 0 && { lines: returned }), ...present({ refund, reason }) };
    const sent = valid(check, members, (request) => lineFaults(request.lines));
    return sent instanceof Problem ? sent : { change: returnChange(sent), sent };
  });
}

export function requestRefund(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(RefundRequest);
  return operatorMethod(deps, Orders.method.requestRefund, ({ amount, lines, shipping, reason }) => {
    const number = amount === undefined ? undefined : Number(amount);
    const members = { ...unitsMember(lines), ...present({ amount: number, shipping, reason }) };
    const sent = valid(check, members, refundFaults);
    return sent instanceof Problem ? sent : { change: refundChange(sent), sent };
  });
}

export function retryRefund(deps: GrpcDeps): UnaryMethod {
  return operatorMethod(deps, Orders.method.retryRefund, (request) => {
    const refundId = readRefundId(request.refundId);
    if (refundId === null) return new Problem('REFUND_NOT_FOUND');
    return { change: retryChange(refundId), sent: { refundId } };
  });
}

/** The request of the schema, or the problem with its faults. */
function valid<T>(check: Check<T>, members: object, rules: (request: T) => RequestFault[]): T | Problem {
  const { value, faults } = check(members);
  if (faults !== null) return invalid(faults);
  const broken = rules(value);
  return broken.length > 0 ? invalid(broken) : value;
}

/** The members that the message has. */
function present(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function unitsMember(lines: readonly { readonly line: number; readonly quantity: number }[]): object {
  return lines.length === 0 ? {} : { lines: lines.map(({ line, quantity }) => ({ line, quantity })) };
}

const timeMax = 8.64e15;

/** The time as RFC 3339. A time that no calendar has becomes a text that the schema refuses. */
function textOf(time: Timestamp | undefined): string | undefined {
  if (time === undefined) return undefined;
  const ms = msOf(time);
  return Math.abs(ms) <= timeMax ? new Date(ms).toISOString() : 'no time';
}
