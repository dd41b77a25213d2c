/** Every route of the API. */
import { cancelOrder } from './cancel-order.ts';
import { getHistory } from './get-history.ts';
import { getOrder } from './get-order.ts';
import { listOrders } from './list-orders.ts';
import { placeBatch } from './place-batch.ts';
import { placeOrder } from './place-order.ts';
import { quoteOrder } from './quote-order.ts';
import type { Route, RouteDeps } from './route.ts';
import { streamOrder } from './stream-order.ts';

export type { Route, RouteDeps } from './route.ts';

export function routes(deps: RouteDeps): readonly Route[] {
  return [
    placeOrder(deps),
    placeBatch(deps),
    quoteOrder(deps),
    getOrder(deps),
    listOrders(deps),
    getHistory(deps),
    streamOrder(deps),
    cancelOrder(deps),
  ];
}
