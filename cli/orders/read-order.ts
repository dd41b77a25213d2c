import { CliError } from '../errors.ts';
import type { OrderApi, OrderResource } from './order-api.ts';

/**
 * Reads an order as the API returns it to its customer. A queued order needs its `ticket`, the value of `t` in its status URL.
 * @throws CliError if the API does not return the order
 */
export async function readOrder(
  api: Pick<OrderApi, 'read'>,
  customerId: string,
  id: string,
  ticket?: string,
): Promise<OrderResource> {
  const query = ticket === undefined ? '' : `?t=${encodeURIComponent(ticket)}`;
  const answer = await api.read(customerId, `/v1/orders/${id}${query}`, 0);
  if (answer.kind === 'order') return answer.order;
  if (answer.kind === 'refused' && answer.status === 404) {
    throw new CliError(`there is no order ${id} of customer ${customerId}`);
  }
  throw new CliError(
    `the API did not return the order: ${answer.kind === 'refused' ? answer.detail : answer.why}`,
  );
}
