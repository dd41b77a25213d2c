/** The commands with which an operator changes one order. */
import { hash } from 'node:crypto';
import type {
  DeliverCommand,
  OrderCommand,
  RequestRefundCommand,
  ReturnCommand,
  ShipCommand,
} from '../../schemas/index.ts';
import type { LineUnits } from './options.ts';

/** What the operator wants, without the fields that every command has. */
export type OrderChange = { [Type in ChangeCommand as Type['type']]: Change<Type> }[ChangeCommand['type']];

type ChangeCommand = ShipCommand | DeliverCommand | ReturnCommand | RequestRefundCommand;
type Change<Command extends ChangeCommand> = Pick<Command, 'type' | 'payload'>;

export interface ChangeRequest {
  readonly orderId: string;
  /** Visible ASCII characters. With the same key, the same change is applied once. */
  readonly key: string;
  /** Visible ASCII characters, at most 128. */
  readonly actor: string;
  /** Epoch ms. */
  readonly nowMs: number;
}

/**
 * The command of a change. Its id follows from order, kind of change and key, so that a repeat gets the same id. A request to the
 * API with the same key is the same command.
 */
export function changeCommand(
  change: OrderChange,
  { orderId, key, actor, nowMs }: ChangeRequest,
): OrderCommand & { orderId: string } {
  const name = change.type.toLowerCase().replaceAll('_', '-');
  const id = hash('sha256', `${orderId}\0${change.type}\0${key}`, 'hex').slice(0, 32);
  return {
    ...{
      commandId: `${name}:${id}`,
      orderId,
      customerId: null,
      actor,
      idempotencyKey: key,
    },
    ...{ fingerprint: fingerprintOf(change), issuedAt: nowMs, traceparent: null, sealed: null },
    ...change,
  };
}

/**
 * The hash of the request in canonical JSON (RFC 8785), as the API computes it. Names are sorted, and defaults are absent. The
 * time of a delivery is no part of it, because a repeat without `--at` has another time.
 */
function fingerprintOf(change: OrderChange): Buffer {
  return hash('sha256', JSON.stringify(requestOf(change)), 'buffer');
}

function requestOf({ type, payload }: OrderChange): object {
  switch (type) {
    case 'SHIP': {
      const { carrier, trackingNumber, lines } = payload;
      return { carrier: given(carrier), lines: some(lines), trackingNumber: given(trackingNumber) };
    }
    case 'DELIVER':
      return { shipment: given(payload.shipment) };
    case 'RETURN': {
      const { lines, reason, refund } = payload;
      return { lines: some(lines), reason: given(reason), refund: refund ? undefined : false };
    }
    case 'REQUEST_REFUND': {
      const { amount, lines, reason, shipping } = payload;
      const isShipping = shipping ? true : undefined;
      return { amount: given(amount), lines: some(lines), reason: given(reason), shipping: isShipping };
    }
  }
}

/** JSON leaves out undefined members. */
function given<Value>(value: Value | null): Value | undefined {
  return value ?? undefined;
}

function some(lines: readonly LineUnits[]): readonly LineUnits[] | undefined {
  return lines.length === 0 ? undefined : lines;
}
