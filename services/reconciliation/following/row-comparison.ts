/** Compares outcomes with the rows of their orders, as they arrive. */
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

export interface RowComparison {
  /**
   * Returns the orders that it compared. Only the newest state of each order must match its row. The first copy of a version
   * counts, whatever a repeat contains.
   */
  compare(events: readonly OrderEvent[]): Promise<ComparedOrder[]>;
  /** Whether an outcome of the order was compared, or will be. Then every later outcome counts too. */
  knows(orderId: string): boolean;
}

/** Compares each outcome as it arrives, with one query for many orders. */
export function compareAtOnce(mysql: Queryable, memory: Pick<Memory, 'order'>): RowComparison {
  return {
    knows: (orderId) => memory.order(orderId) !== undefined,
    async compare(events) {
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
    },
  };
}
