import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Operation, Parameter } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { jsonMediaType } from '../../responses.ts';
import { StockLevel } from '../../schemas/stock.ts';
import { atDatabase } from '../at-database.ts';
import type { Route, RouteDeps } from '../route.ts';

const skuForm = /^[!-~]{1,64}$/;

const skuParameter: Parameter = {
  in: 'path',
  name: 'sku',
  description: 'The stock keeping unit, percent-encoded.',
  required: true,
  schema: Type.String({ examples: ['MUG-BLUE'] }),
};

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
      const sku = skuOf(request);
      const level = await atDatabase(deps, request.caller.customerId, () => deps.stock.find(sku));
      if (level === null) throw new HttpProblem('STOCK_NOT_FOUND');
      return reply.code(200).header('content-type', jsonMediaType).send(JSON.stringify(level));
    },
  };
}

/**
 * The SKU in the path. Throws STOCK_NOT_FOUND without a lookup if no product can have it. The database would refuse to
 * compare its ASCII column with such a text.
 */
function skuOf(request: FastifyRequest): string {
  const { sku } = request.params as { sku: string };
  if (!skuForm.test(sku)) throw new HttpProblem('STOCK_NOT_FOUND');
  return sku;
}
