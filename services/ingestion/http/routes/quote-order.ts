import { type Quote as PricedQuote, quoteOrder as price } from '../../application/orders/quote-order.ts';
import { OrderRequest } from '../../application/requests/order-request.ts';
import { compileCheck } from '../../application/requests/validation.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { orderBytesMax } from '../requests/bodies.ts';
import { readBody } from '../requests/read-request.ts';
import { jsonMediaType, publicReason } from '../responses.ts';
import { Quote } from '../schemas/order-resource.ts';
import type { RouteDeps, RouteOf } from './route.ts';

export const quoteOrderOperation: Operation = {
  id: 'quoteOrder',
  method: 'POST',
  url: '/v1/orders/quote',
  summary: 'Price an order without placing it',
  description:
    'Uses the same rules, coupons and prices as order processing. Send `totals.total` as `expectedTotal` of the order to get exactly this total or a rejection. It does not check stock, and the result is not binding.',
  scope: 'orders:write',
  admissionClass: 'write',
  flags: ['quotes'],
  charge: 'order',
  parameters: [],
  body: { schema: OrderRequest, bytesMax: orderBytesMax, required: true },
  responses: {
    200: { description: 'The priced order.', schema: Quote, headers: ['RateLimit', 'RateLimit-Policy'] },
  },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'RATE_LIMITED',
    'STATE_UNAVAILABLE',
    'QUOTES_OFF',
  ],
};

export function quoteOrder(deps: RouteDeps): RouteOf<OrderRequest> {
  const check = compileCheck(OrderRequest);
  return {
    operation: quoteOrderOperation,
    read: (request) => readBody(request, check),
    async handler(request, reply, order) {
      const quote = orProblem(await price(deps, order, request.caller.customerId));
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(JSON.stringify(showQuote(quote)));
    },
  };
}

function showQuote({ currency, priced, reason }: PricedQuote): object {
  const { lines, subtotal, discount, shipping, tax, taxIncluded, total } = priced;
  return {
    currency,
    items: lines.map(({ sku, quantity, name, unitPrice, lineTotal }) => ({
      sku,
      quantity,
      ...(name === null ? {} : { name }),
      ...(unitPrice === null ? {} : { unitPrice, lineTotal }),
    })),
    totals: { subtotal, discount, shipping, tax, taxIncluded, total },
    ...publicReason(reason),
  };
}
