/** The SKU in the path of a route, and its stock. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { StockLevel } from '../../../application/read/stock-levels.ts';
import type { Parameter } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { atDatabase } from '../at-database.ts';
import type { RouteDeps } from '../route.ts';

const skuForm = /^[!-~]{1,64}$/;

export const skuParameter: Parameter = {
  in: 'path',
  name: 'sku',
  description: 'The stock keeping unit, percent-encoded.',
  required: true,
  schema: Type.String({ examples: ['MUG-BLUE'] }),
};

/**
 * The SKU in the path. Throws STOCK_NOT_FOUND without a lookup if no product can have it. The database would refuse to
 * compare its ASCII column with such a text.
 */
export function readSku(request: FastifyRequest): string {
  const { sku } = request.params as { sku: string };
  if (!skuForm.test(sku)) throw new HttpProblem('STOCK_NOT_FOUND');
  return sku;
}

/** The stock of the SKU in the path. Rejects with the problem STOCK_NOT_FOUND if there is none. */
export async function findStock(
  deps: Pick<RouteDeps, 'stock' | 'reads'>,
  request: FastifyRequest,
): Promise<StockLevel> {
  const sku = readSku(request);
  const level = await atDatabase(deps, request.caller.customerId, () => deps.stock.find(sku));
  if (level === null) throw new HttpProblem('STOCK_NOT_FOUND');
  return level;
}
