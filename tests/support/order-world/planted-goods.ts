/** Differences of units and of unpaid units to plant. */
import { AT_MS, keyOf, type WorldOrder } from './order-world.ts';
import { shippedOrder } from './order-world-goods.ts';
import { type Plant, type Planting, plant } from './planting.ts';

/** Adds a shipment or a return of this number of units of line 1. */
async function addMove({ sql }: Planting, table: string, order: WorldOrder, quantity: number): Promise<void> {
  const units = JSON.stringify([{ line: 1, quantity, ...(table === 'returns' && { restock: 0 }) }]);
  const [no, at] = table === 'returns' ? ['return_no', 'returned_at_ms'] : ['shipment_no', 'shipped_at_ms'];
  await sql(
    `INSERT INTO ${table} (order_key, ${no}, line_units, ${at}, source_partition, source_offset) VALUES (?, 7, ?, ?, 0, 0)`,
    ...[keyOf(order), units, AT_MS],
  );
}

/** All units of the order are shipped in one parcel. */
export async function shipAll(p: Planting, order: WorldOrder, isDelivered: boolean): Promise<void> {
  const [{ sku, quantity }] = order.items as [WorldOrder['items'][number]];
  await addMove(p, 'shipments', order, quantity);
  if (isDelivered) await p.sql('UPDATE shipments SET delivered_at_ms = 1 WHERE order_key = ?', keyOf(order));
  await p.sql('UPDATE order_items SET shipped = quantity WHERE order_key = ?', keyOf(order));
  await p.sql('UPDATE stock SET shipped = shipped + ? WHERE sku = ?', quantity, sku);
}

const moved = (what: string, table: string): Plant =>
  plant(what, async (p) => {
    const order = p.order();
    await addMove(p, table, order, 1);
    return [`UNITS_DIFFER ${order.id}`];
  });

const lost = (what: string, change: string): Plant =>
  plant(what, async (p) => {
    const order = shippedOrder(p.world);
    await p.sql(`${change} WHERE order_key = ?`, keyOf(order));
    return [`UNITS_DIFFER ${order.id}`];
  });

const counts = ['cancelled', 'shipped', 'returned', 'restocked', 'refunded'] as const;

const units: Plant[] = [
  moved('a shipment of a unit that its line does not count', 'shipments'),
  moved('a return of a unit that its line does not count', 'returns'),
  lost('a lost return', 'DELETE FROM returns'),
  ...counts.map((count) =>
    plant(`a line with units that are ${count} by nothing`, async (p) => {
      const { id, ...order } = p.order();
      await p.sql(`UPDATE order_items SET ${count} = quantity + 1 WHERE order_key = ?`, keyOf(order));
      return [`UNITS_DIFFER ${id}`];
    }),
  ),
  plant('an outcome with a shipped unit that the lines do not count', async (p) => {
    const { id, partition, items } = p.order();
    await p.sql(
      'UPDATE orders SET version = 2 WHERE order_id = ?',
      Buffer.from(id.replaceAll('-', ''), 'hex'),
    );
    await p.decide(partition, {
      ...{
        outcome: 'APPLIED',
        type: 'order.payment_kept',
        orderId: id,
        version: 2,
        status: 'PENDING_PAYMENT',
      },
      units: { ordered: items[0]!.quantity, cancelled: 0, shipped: 1, returned: 0, restocked: 0 },
    });
    return [`ORDER_DIFFERS ${id}`];
  }),
];

const unpaid: Plant[] = [
  plant('a customer with more unpaid units than orders', async (p) => {
    await p.sql("UPDATE unpaid_customers SET units = units + 1 WHERE customer_id = 'c1'");
    return ['UNPAID_DIFFERS c1'];
  }),
  plant('a customer with unpaid units and without orders', async (p) => {
    await p.sql("INSERT INTO unpaid_customers VALUES ('c3', 5)");
    return ['UNPAID_DIFFERS c3'];
  }),
];

export const goodsPlants: readonly Plant[] = [...units, ...unpaid];
