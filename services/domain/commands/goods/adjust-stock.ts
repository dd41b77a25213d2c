/** ADJUST_STOCK: units of a SKU arrive in the warehouse, or are taken out of it without an order. */
import type { OrderEvent, Reason } from '../../../../schemas/generated/types.ts';
import type { DecisionContext, SourceRecord } from '../../context.ts';
import { adjusted } from '../../events.ts';
import { amountMax } from '../../pricing/money.ts';
import * as reasons from '../../reasons.ts';
import { textProblem } from '../bounds.ts';
import { refuse } from '../change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from '../handler.ts';
import { stockDeltaMax } from '../limits.ts';

type AdjustCommand = CommandOf<'ADJUST_STOCK'>;

export const adjustStock: CommandHandler<AdjustCommand> = {
  repeatedBy: 'commandId',
  givesBack: false,
  // It changes no order.
  transitions: {},
  problem,
  addNeeds,
  decide,
};

/** Ids of stock commands are unique over all SKUs, because they have no order. So the SKU is a part of the id. */
function problem({ commandId, payload: { sku, delta, reason, countedTo } }: AdjustCommand): string | null {
  if (!commandId.startsWith(`stock:${sku}:`))
    return 'commandId does not begin with stock:, the SKU and a colon';
  const isBeyond = Math.abs(delta) > stockDeltaMax || (delta === 0 && countedTo === null);
  if (isBeyond) return `delta is not 1-${stockDeltaMax} units up or down`;
  return textProblem('reason', reason);
}

function addNeeds({ orderId, commandId, payload }: AdjustCommand, needs: CommandNeeds): void {
  needs.adjusted.add(payload.sku);
  needs.commands.push({ orderId, commandId });
}

/** Decides one adjustment by the locked level. The level never goes below 0. */
function decide(context: DecisionContext, record: SourceRecord, command: AdjustCommand): OrderEvent {
  const { sku, delta } = command.payload;
  const refusal = refusalOf(context, command);
  if (refusal !== null) return refuse(context, record, command, null, refusal);
  context.stock.adjust(sku, delta);
  const available = context.stock.left(sku)!;
  context.goods.addMovement(record, { sku, delta, available, command });
  return adjusted(record, command, { sku, delta, available }, context.settings.nowMs);
}

function refusalOf(
  { snapshot, stock }: DecisionContext,
  { payload: { sku, delta, countedTo } }: AdjustCommand,
): Reason | null {
  if (countedTo !== null) return reasons.countUnsupported();
  if (!snapshot.stocked.has(sku)) return reasons.skuWithoutStock(sku);
  const level = stock.left(sku)!;
  if (level + delta < 0) return reasons.stockTooLow(sku, level, delta);
  return level + delta > amountMax ? reasons.stockTooHigh(sku, level, delta) : null;
}
