/** The commands with which an operator changes one order. */
import { hash } from 'node:crypto';
import type {
  DeliverCommand,
  OrderCommand,
  RequestRefundCommand,
  ReturnCommand,
  ShipCommand,
} from '../../schemas/index.ts';

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

/** The command of a change. Its id follows from order, kind of change and key, so that a repeat gets the same id. */
export function changeCommand(
  change: OrderChange,
  { orderId, key, actor, nowMs }: ChangeRequest,
): OrderCommand & { orderId: string } {
  const name = change.type.toLowerCase().replaceAll('_', '-');
  const id = hash('sha256', `${orderId}\0${change.type}\0${key}`, 'hex').slice(0, 32);
  return {
    ...{ commandId: `${name}:${id}`, orderId, customerId: null, actor, idempotencyKey: key },
    ...{ fingerprint: fingerprintOf(change), issuedAt: nowMs, traceparent: null, sealed: null },
    ...change,
  };
}

/** The time of a delivery is no part of it: a repeat without `--at` has another time. */
function fingerprintOf({ type, payload }: OrderChange): Buffer {
  const { deliveredAt: _, ...named } = { deliveredAt: null, ...payload };
  return hash('sha256', JSON.stringify([type, named]), 'buffer');
}
