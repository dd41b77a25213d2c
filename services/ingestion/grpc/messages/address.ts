/** Reads which order a request is about. */
import { isOrderId } from '../../../shared/ids/index.ts';
import { isOperator } from '../../application/common/caller.ts';
import { Failure } from '../../application/common/failure.ts';
import type { Tickets } from '../../application/common/ticket.ts';
import type { OrderAddress } from '../../application/read/order-address.ts';
import type { CallContext } from '../methods/method.ts';

const notFound = new Failure('NOT_FOUND');

/** The order id, or NOT_FOUND: an id of another form is unknown without a lookup. A UUID may have letters of either case. */
export function orderIdOf(id: string): string | Failure {
  const orderId = id.toLowerCase();
  return isOrderId(orderId) ? orderId : notFound;
}

/** The order and the ticket of a request. A ticket of another order is ignored. */
export function addressOf(
  tickets: Tickets,
  { caller }: Pick<CallContext, 'caller'>,
  { id, ticket }: { readonly id: string; readonly ticket: string },
): OrderAddress | Failure {
  const orderId = orderIdOf(id);
  if (orderId instanceof Failure) return orderId;
  const { customerId } = caller;
  const position = ticket === '' ? null : tickets.read(ticket, orderId, customerId);
  return { orderId, customerId, ticket: position, isOperator: isOperator(caller) };
}
