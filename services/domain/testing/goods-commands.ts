/** Commands about goods, for the tests of decide. All come from an operator. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { orderIdOf } from './commands.ts';
import { settings } from './tables.ts';

/** Line number and quantity. */
export type Units = readonly [line: number, quantity: number];

interface Common {
  order: number;
  id: string;
  issuedAt?: number;
}

function common({ order, id, issuedAt = settings.nowMs }: Common) {
  return {
    commandId: id,
    orderId: orderIdOf(order),
    customerId: null,
    actor: 'operator',
    idempotencyKey: null,
    fingerprint: null,
    issuedAt,
    traceparent: null,
    sealed: null,
  };
}

const linesOf = (units: readonly Units[]) => units.map(([line, quantity]) => ({ line, quantity }));

/** A parcel with these units; without units, with all that are left. */
export function ship(
  parts: Partial<Common> & { units?: readonly Units[]; carrier?: string | null },
): OrderCommand {
  const { order = 1, id = 'ship', units = [], carrier = null } = parts;
  return {
    ...common({ ...parts, order, id }),
    type: 'SHIP',
    payload: { carrier, trackingNumber: carrier === null ? null : 'T-1', lines: linesOf(units) },
  };
}

/** The delivery of a shipment; without a number, of all that are on their way. */
export function deliver(parts: Partial<Common> & { shipment?: number | null }): OrderCommand {
  const { order = 1, id = 'deliver', shipment = null } = parts;
  return {
    ...common({ ...parts, order, id }),
    type: 'DELIVER',
    payload: { deliveredAt: settings.nowMs - 1, shipment },
  };
}

/** Line number, quantity and the units of it that can be sold again. */
export type ReturnedUnits = readonly [line: number, quantity: number, restock: number];

/** A return of these units; without units, of all that were shipped. */
export function returnGoods(
  parts: Partial<Common> & { units?: readonly ReturnedUnits[]; refund?: boolean },
): OrderCommand {
  const { order = 1, id = 'return', units = [], refund = true } = parts;
  return {
    ...common({ ...parts, order, id }),
    type: 'RETURN',
    payload: {
      reason: null,
      lines: units.map(([line, quantity, restock]) => ({ line, quantity, restock })),
      refund,
    },
  };
}

export function close(parts: Partial<Common>): OrderCommand {
  const { order = 1, id = 'close' } = parts;
  return { ...common({ ...parts, order, id }), actor: 'scheduler', type: 'CLOSE', payload: {} };
}

/** A refund of an amount, or of units and shipping; without all of them, of everything. */
export function requestRefund(
  parts: Partial<Common> & { amount?: number | null; units?: readonly Units[]; shipping?: boolean },
): OrderCommand {
  const { order = 1, id = 'refund', amount = null, units = [], shipping = false } = parts;
  return {
    ...common({ ...parts, order, id }),
    type: 'REQUEST_REFUND',
    payload: { amount, reason: null, lines: linesOf(units), shipping },
  };
}

export function adjustStock({
  sku = 'A',
  delta = 1,
  id = 'a1',
  countedTo = null as number | null,
}): OrderCommand {
  return {
    ...common({ order: 1, id: `stock:${sku}:${id}` }),
    orderId: null,
    type: 'ADJUST_STOCK',
    payload: { sku, delta, reason: 'delivery of the supplier', countedTo },
  };
}
