/** Applies the changes of goods to the tables of `tables.ts`, as the store of the worker does: row by row. */
import type { Decision, KnownOrder, LineUpdate } from '../index.ts';
import type { Tables } from './rows.ts';

type Key = LineUpdate['placedAt'];

/** Applies lines, shipments and returns to the rows of the orders. A row that does not exist is an error. */
export function writeGoods(tables: Tables, decision: Decision): void {
  const { lineUpdates, newShipments, deliveries, newReturns } = decision;
  const orderIds = new Map([...tables.orders].map(([orderId, { placedAt }]) => [keyOf(placedAt), orderId]));
  const change = (placedAt: Key, next: (order: KnownOrder) => Partial<KnownOrder>) => {
    const orderId = orderIds.get(keyOf(placedAt))!;
    const order = tables.orders.get(orderId)!;
    tables.orders.set(orderId, { ...order, ...next(order) });
  };
  for (const { placedAt, lineNo, line } of lineUpdates) {
    change(placedAt, ({ lines }) => ({ lines: lines.with(lineNo - 1, { ...line }) }));
  }
  for (const { placedAt, shipmentNo, source, ...parcel } of newShipments) {
    change(placedAt, ({ shipments }) => {
      if (shipments.length !== shipmentNo - 1)
        throw new Error(`shipment ${shipmentNo} follows ${shipments.length}`);
      return { shipments: [...shipments, { isDelivered: false }] };
    });
    tables.shipments.set(`${keyOf(placedAt)}-${shipmentNo}`, { ...parcel, source, deliveredAtMs: null });
  }
  for (const { placedAt, shipmentNo, deliveredAtMs } of deliveries) {
    change(placedAt, ({ shipments }) => ({
      shipments: shipments.with(shipmentNo - 1, { isDelivered: true }),
    }));
    const key = `${keyOf(placedAt)}-${shipmentNo}`;
    const shipment = tables.shipments.get(key)!;
    if (shipment.deliveredAtMs !== null) throw new Error(`shipment ${key} is delivered twice`);
    tables.shipments.set(key, { ...shipment, deliveredAtMs });
  }
  for (const { placedAt, returnNo, ...goods } of newReturns) {
    change(placedAt, ({ returns }) => {
      if (returns !== returnNo - 1) throw new Error(`return ${returnNo} follows ${returns}`);
      return { returns: returnNo };
    });
    tables.returns.set(`${keyOf(placedAt)}-${returnNo}`, goods);
  }
  tables.movements.push(...decision.movements);
}

function keyOf({ partition, offset }: Key): string {
  return `${partition}-${offset}`;
}
