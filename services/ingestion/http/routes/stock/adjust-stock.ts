import { adjustmentChange } from '../../../application/operators/changes.ts';
import { compileCheck } from '../../../application/requests/validation.ts';
import type { Operation } from '../../operation.ts';
import { readBody } from '../../requests/read-request.ts';
import { StockAdjustmentRequest } from '../../schemas/stock.ts';
import { commandOperation, commandRoute } from '../operators/command-route.ts';
import { commandReader, getCommandOperation } from '../operators/get-command.ts';
import { commandIdParameter, preferParameter, ticketParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { findStock, readSku, skuParameter } from './sku.ts';

export const adjustStockOperation: Operation = {
  ...commandOperation(
    {
      id: 'adjustStock',
      url: '/v1/stock/:sku/adjustments',
      summary: 'Add units to the stock of a SKU, or take them away',
      description:
        'The level never goes below 0: an adjustment that takes more than the available units is refused. The idempotency key identifies the adjustment among those of the SKU.',
      parameters: [skuParameter],
      problems: ['STOCK_NOT_FOUND'],
    },
    { schema: StockAdjustmentRequest, required: true },
  ),
  tag: 'Stock',
};

export function adjustStock(deps: RouteDeps): Route {
  const check = compileCheck(StockAdjustmentRequest);
  return commandRoute(
    deps,
    adjustStockOperation,
    (request) => {
      const sku = readSku(request);
      const sent = readBody(request, check);
      return { subject: { sku }, change: adjustmentChange(sku, sent), sent };
    },
    async (request) => {
      await findStock(deps, request);
    },
  );
}

export const getStockCommandOperation: Operation = {
  ...getCommandOperation,
  id: 'getStockCommand',
  url: '/v1/stock/:sku/commands/:commandId',
  summary: 'Get an adjustment of stock and its outcome',
  tag: 'Stock',
  parameters: [skuParameter, commandIdParameter, ticketParameter, preferParameter],
  problems: ['STOCK_NOT_FOUND', 'COMMAND_NOT_FOUND', 'COMMAND_LOST', 'KEY_REUSED', 'STATE_UNAVAILABLE'],
};

export function getStockCommand(deps: RouteDeps): Route {
  return commandReader(deps, getStockCommandOperation, (request) => ({ sku: readSku(request) }));
}
