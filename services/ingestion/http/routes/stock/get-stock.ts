import type { Operation } from '../../operation.ts';
import { jsonMediaType } from '../../responses.ts';
import { StockLevel } from '../../schemas/stock.ts';
import type { Route, RouteDeps } from '../route.ts';
import { findStock, skuParameter } from './sku.ts';

export const getStockOperation: Operation = {
  id: 'getStock',
  method: 'GET',
  url: '/v1/stock/:sku',
  summary: 'Get the stock of a SKU',
  scope: 'orders:ops',
  tag: 'Stock',
  admissionClass: 'read',
  parameters: [skuParameter],
  responses: { 200: { description: 'The current stock.', schema: StockLevel } },
  problems: ['STOCK_NOT_FOUND', 'STATE_UNAVAILABLE'],
};

export function getStock(deps: RouteDeps): Route {
  return {
    operation: getStockOperation,
    async handler(request, reply) {
      const level = await findStock(deps, request);
      return reply.code(200).header('content-type', jsonMediaType).send(JSON.stringify(level));
    },
  };
}
