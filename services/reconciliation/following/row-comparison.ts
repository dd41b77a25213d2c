/** Compares outcomes with the rows of their orders as they arrive. */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { readExpectedOrders } from '../checks/order-rows.ts';
import { compareRow } from '../checks/orders.ts';
import { inChunks } from '../checks/pace.ts';
import { type ExpectedOrder, expectedOf, isOrderState, type Memory } from '../matching/recent-outcomes.ts';

/** Maximum number of rows that one query compares. */
const chunkOrders = 1_000;

export interface ComparedOrder {
  readonly order: ExpectedOrder;
  readonly isRight: boolean;
}

/**
 * Only the newest state of each order in the batch must match its row. The first copy of a version counts, whatever
 * a repeat contains.
 */
export async function compareOrders(
  mysql: Queryable,
  memory: Pick<Memory, 'order'>,
  events: readonly OrderEvent[],
): Promise<ComparedOrder[]> {
  const newest = new Map<string, ExpectedOrder>();
  for (const event of events) {
    if (!isOrderState(event)) continue;
    const known = newest.get(event.orderId) ?? memory.order(event.orderId);
    if (known !== undefined && known.version >= event.version) continue;
    newest.set(event.orderId, expectedOf(event, known));
  }
  const compared: ComparedOrder[] = [];
  for (const chunk of inChunks([...newest.values()], chunkOrders)) {
    const rows = await readExpectedOrders(mysql, chunk);
    for (const order of chunk)
      compared.push({ order, isRight: compareRow(order, rows.get(order.orderId)) === null });
  }
  return compared;
}
