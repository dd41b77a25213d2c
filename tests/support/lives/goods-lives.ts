/**
 * What happens to the goods of a paid order: parcels, deliveries, returns, refunds, a cancel of the rest. Each life also adjusts
 * the stock. An operator sends the commands into the log, and any outcome of them is allowed.
 */
import type { OrderCommand } from '../../../schemas/index.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import {
  adjustCommand,
  cancelRestCommand,
  deliverCommand,
  refundCommand,
  returnCommand,
  shipCommand,
} from '../arena/goods-commands.ts';
import type { Producer } from '../arena/load.ts';
import { cancel, type Placed, payInFull, place, repeated, skuOf } from './lives.ts';
import type { Shop } from './shop.ts';

interface Goods {
  readonly shop: Shop;
  readonly order: Placed;
  readonly id: string;
  /** Sends the commands one after the other. */
  send(...commands: readonly OrderCommand[]): Promise<void>;
}

export type GoodsLifeKind = keyof typeof lives;

const lives = {
  /** The order is closed when its return window ends. */
  delivered: ({ id, send }: Goods) => send(shipCommand(id), deliverCommand(id)),
  inParcels: ({ id, send }: Goods) =>
    send(
      shipCommand(id, 1, 'a'),
      deliverCommand(id, 1, 'd1'),
      shipCommand(id, null, 'b'),
      deliverCommand(id, null, 'd2'),
    ),
  /** A damaged unit comes back, and later one that can be sold again. */
  returnedInPart: ({ id, send }: Goods) =>
    send(shipCommand(id), returnCommand(id, 1, 0, 'r1'), deliverCommand(id), returnCommand(id, 1, 1, 'r2')),
  returned: ({ id, send }: Goods) => send(shipCommand(id), deliverCommand(id), returnCommand(id)),
  refunded: ({ id, send }: Goods) =>
    send(refundCommand(id, { amount: 7 }, 'f1'), refundCommand(id, { quantity: 1 }, 'f2'), shipCommand(id)),
  /** The unit is paid back once. */
  refundedThenReturned: ({ id, send }: Goods) =>
    send(
      shipCommand(id),
      refundCommand(id, { quantity: 1 }),
      returnCommand(id, 1),
      returnCommand(id, 1, 1, 'r2'),
    ),
  async refundedThenCancelled({ shop, order, id, send }: Goods) {
    await send(refundCommand(id, { amount: 7 }));
    await cancel(shop, order);
  },
  restCancelled: ({ id, send }: Goods) =>
    send(shipCommand(id, 1), cancelRestCommand(id), deliverCommand(id), returnCommand(id, 1, 0)),
  /** The cancel of the customer and the parcel are on their way at the same time. */
  async cancelledWhileShipped({ shop, order, id, send }: Goods) {
    await Promise.all([cancel(shop, order), send(shipCommand(id), deliverCommand(id))]);
  },
  /** Each command is sent twice. */
  repeated: ({ id, send }: Goods) => {
    const commands = [shipCommand(id), deliverCommand(id), returnCommand(id, 1, 1)];
    return send(...commands.flatMap((command) => [command, command]));
  },
} as const;

export const goodsLives = Object.keys(lives) as GoodsLifeKind[];

/** Places the order of this number, pays it, and lives the life of its goods. */
export async function liveWithGoods(
  shop: Shop,
  operator: Producer,
  n: number,
  kind: GoodsLifeKind,
): Promise<void> {
  const order = await place(shop, n);
  if (order === null) return;
  await operator.send(adjustCommand(skuOf(n), n % 3 === 0 ? -1 : 2, `life-${n}`));
  await payInFull(shop, order);
  await isNoLongerPending(shop, order);
  const send = async (...commands: readonly OrderCommand[]): Promise<void> => {
    for (const command of commands) await operator.send({ ...command, issuedAt: Date.now() });
  };
  await lives[kind]({ shop, order, id: order.id, send });
}

/** The callback of the payment may be late. An order that is not paid then expires. */
function isNoLongerPending({ arena }: Shop, { id }: Placed): Promise<true> {
  return repeated(`the payment of ${id}`, async () => {
    const [row] = await arena.mysql.pool.rows<{ status: string }>(
      'SELECT status FROM orders WHERE order_id = ?',
      [uuidToBytes(id)],
    );
    return row !== undefined && row.status !== 'PENDING_PAYMENT' ? (true as const) : null;
  });
}
