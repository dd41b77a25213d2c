/**
 * Reads the order of a request. It becomes the same object that the JSON of the HTTP API gives, and the same schema
 * checks it. So both have the same rules, and equal orders have the same fingerprint.
 */

import { readKeyText } from '../../application/requests/idempotency-key.ts';
import { OrderRequest } from '../../application/requests/order-request.ts';
import { compileCheck } from '../../application/requests/validation.ts';
import type { NewOrder, ShippingAddress } from '../generated/orderstream/v1/orders_pb.ts';
import { invalid, Problem } from '../problem.ts';

type OrderRead =
  | { readonly order: OrderRequest; readonly problem: null }
  | { readonly order: null; readonly problem: Problem };

const check = compileCheck(OrderRequest);

/** The valid order, or the problem with all faults. `at` is the path of the order in its request. */
export function readNewOrder(message: NewOrder | undefined, at: string): OrderRead {
  if (message === undefined)
    return { order: null, problem: invalid([{ pointer: '', detail: 'is required' }], at) };
  const { value, faults } = check(plainOrder(message));
  return faults === null ? { order: value, problem: null } : { order: null, problem: invalid(faults, at) };
}

function plainOrder({ items, shippingAddress, contact, metadata, ...order }: NewOrder): object {
  return {
    currency: order.currency,
    items: items.map(({ sku, quantity, expectedUnitPrice }) =>
      expectedUnitPrice === undefined
        ? { sku, quantity }
        : { sku, quantity, expectedUnitPrice: Number(expectedUnitPrice) },
    ),
    ...(order.couponCode !== undefined && { couponCode: order.couponCode }),
    ...(order.expectedTotal !== undefined && { expectedTotal: Number(order.expectedTotal) }),
    ...(shippingAddress !== undefined && { shippingAddress: plainAddress(shippingAddress) }),
    ...(contact !== undefined && { contact: contact.email === undefined ? {} : { email: contact.email } }),
    ...metadataMember(metadata),
  };
}

function plainAddress({ name, line1, line2, city, region, postalCode, country }: ShippingAddress): object {
  return {
    ...{ name, line1, city, postalCode, country },
    ...(line2 !== undefined && { line2 }),
    ...(region !== undefined && { region }),
  };
}

/** A message cannot tell an empty map from no map. */
function metadataMember(metadata: Readonly<Record<string, string>>): object {
  for (const _key in metadata) return { metadata };
  return {};
}

const keyForm = /^[!-~]{1,255}$/;

/** Whether the text may be a request id. */
export function isRequestId(text: string): boolean {
  return keyForm.test(text);
}

type KeyRead =
  | { readonly key: string; readonly problem: null }
  | { readonly key: null; readonly problem: Problem };

/** The idempotency key of a request. As in the HTTP API, `abc` and `"abc"` are the same key. */
export function readRequestId(requestId: string, at = 'request_id'): KeyRead {
  if (requestId === '')
    return { key: null, problem: keyProblem('IDEMPOTENCY_KEY_MISSING', at, 'is required') };
  if (!isRequestId(requestId))
    return { key: null, problem: keyProblem('IDEMPOTENCY_KEY_INVALID', at, keyRule) };
  return { key: readKeyText(requestId), problem: null };
}

const keyRule = 'must be 1 to 255 visible ASCII characters';

function keyProblem(
  code: 'IDEMPOTENCY_KEY_MISSING' | 'IDEMPOTENCY_KEY_INVALID',
  field: string,
  description: string,
): Problem {
  return new Problem(code, { detail: `${field} ${description}.`, fields: [{ field, description }] });
}
