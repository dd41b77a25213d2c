/** Every method of the service. */
import { cancelOrder } from './cancel-order.ts';
import { createOrder } from './create-order.ts';
import { createOrders } from './create-orders.ts';
import { getCommand } from './get-command.ts';
import { getOrder } from './get-order.ts';
import { listOrders } from './list-orders.ts';
import type { StreamMethod, UnaryMethod } from './method.ts';
import { openPaymentSession } from './open-payment-session.ts';
import { deliverOrder, requestRefund, retryRefund, returnOrder, shipOrder } from './operator-commands.ts';
import { quoteOrder } from './quote-order.ts';
import { createWatches, type WatchDeps, type Watches } from './watch-order.ts';

export type { StreamCall } from './method.ts';
export type { WatchDeps } from './watch-order.ts';
export type Method = UnaryMethod | StreamMethod;

interface Methods {
  /** The methods by their path, for example `/orderstream.v1.Orders/CreateOrder`. */
  readonly byPath: ReadonlyMap<string, Method>;
  readonly watches: Watches;
}

export function createMethods(deps: WatchDeps): Methods {
  const watches = createWatches(deps);
  const all: readonly Method[] = [
    createOrder(deps),
    createOrders(deps),
    quoteOrder(deps),
    getOrder(deps),
    watches.method,
    listOrders(deps),
    cancelOrder(deps),
    openPaymentSession(deps),
    shipOrder(deps),
    deliverOrder(deps),
    returnOrder(deps),
    requestRefund(deps),
    retryRefund(deps),
    getCommand(deps),
  ];
  const byPath = new Map(
    all.map((method) => [`/${method.desc.parent.typeName}/${method.desc.name}`, method]),
  );
  return { byPath, watches };
}
