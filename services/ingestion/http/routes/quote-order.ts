import { acceptedStatus, openCouponLedger, openUnpaidLedger, priceOrder } from '../../../domain/index.ts';
import { placePayload } from '../../application/submit/to-command.ts';
import type { Operation } from '../operation.ts';
import { orderBytesMax } from '../requests/bodies.ts';
import { readBody } from '../requests/read-request.ts';
import { jsonMediaType } from '../responses.ts';
import { OrderRequest } from '../schemas/order-request.ts';
import { Quote } from '../schemas/order-resource.ts';
import { compileCheck } from '../validation.ts';
import { atDatabase } from './at-database.ts';
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
  ],
};

export function quoteOrder(deps: RouteDeps): RouteOf<OrderRequest> {
  const check = compileCheck(OrderRequest);
  return {
    operation: quoteOrderOperation,
    read: (request) => readBody(request, check),
    async handler(request, reply, order) {
      const { customerId } = request.caller;
      const place = placePayload(order);
      const needs = { skus: place.lines.map(({ sku }) => sku), couponCode: place.couponCode, customerId };
      const prices = await atDatabase(deps, customerId, () => deps.store.prices(needs));
      const {
        priced,
        reason: priceReason,
        coupon,
      } = priceOrder(place, prices.products, prices.rules, deps.nowMs());
      const ledger = openCouponLedger(prices.couponLevels, prices.rules.flags);
      const unpaid = openUnpaidLedger(prices.unpaidLevels, prices.rules.unpaidUnitsMax);
      const units =
        acceptedStatus(priced.total) === 'PAID'
          ? 0
          : place.lines.reduce((sum, { quantity }) => sum + quantity, 0);
      const reason =
        priceReason ??
        unpaid.tooLarge(units) ??
        (coupon === null ? null : ledger.refusal(coupon, customerId)) ??
        (units === 0 ? null : unpaid.refusal(customerId, units));
      const { lines, subtotal, discount, shipping, tax, taxIncluded, total } = priced;
      const quote = {
        currency: order.currency,
        items: lines.map(({ sku, quantity, name, unitPrice, lineTotal }) => ({
          sku,
          quantity,
          ...(name === null ? {} : { name }),
          ...(unitPrice === null ? {} : { unitPrice, lineTotal }),
        })),
        totals: { subtotal, discount, shipping, tax, taxIncluded, total },
        ...(reason === null
          ? {}
          : {
              reason: {
                code: reason.code,
                message: reason.message,
                ...(reason.pointer === null ? {} : { pointer: reason.pointer }),
              },
            }),
      };
      return reply.code(200).header('content-type', jsonMediaType).send(JSON.stringify(quote));
    },
  };
}
