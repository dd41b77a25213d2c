/** RETURN: goods came back. Some of them can be sold again. The customer gets the money for all of them. */
import type { OrderEvent, ReturnOrder } from '../../../../schemas/generated/types.ts';
import type { DecisionContext, KnownLine, KnownOrder, SourceRecord } from '../../context.ts';
import { awayOf, chooseUnits, countUnits, isAllBack, isPartShipped } from '../../orders/units.ts';
import { refundRecord } from '../../payments/records.ts';
import { refundUnits } from '../../payments/share.ts';
import * as reasons from '../../reasons.ts';
import { linesProblem, textProblem } from '../bounds.ts';
import { applyChange, findOrder, refuse } from '../change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from '../handler.ts';
import { orderLinesMax, orderRecordsMax } from '../limits.ts';

type ReturnCommand = CommandOf<'RETURN'>;

export const returnGoods: CommandHandler<ReturnCommand> = {
  repeatedBy: 'commandId',
  givesBack: true,
  transitions: { SHIPPED: 'RETURNED', DELIVERED: 'RETURNED' },
  problem: ({ payload }) =>
    textProblem('reason', payload.reason) ??
    linesProblem(payload.lines, orderLinesMax) ??
    (payload.lines.some(({ quantity, restock }) => restock < 0 || restock > quantity)
      ? 'restock is not 0 to the quantity of its line'
      : null),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: ReturnCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  needs.goodsOf.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one return. The goods are there, so it is never refused for money. */
function decide(context: DecisionContext, record: SourceRecord, command: ReturnCommand): OrderEvent {
  const order = findOrder(context, command);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('RETURNED'));
  if (!canComeBack(order)) {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'RETURNED'));
  }
  const chosen = chooseUnits(order, command.payload.lines, awayOf);
  if ('refusal' in chosen) return refuse(context, record, command, order, chosen.refusal);
  if (order.returns >= orderRecordsMax) {
    return refuse(context, record, command, order, reasons.tooMany('returns', orderRecordsMax));
  }
  // A command without lines has no `restock`: then all units can be sold again.
  const lines = chosen.units.map((units) => ({ restock: units.quantity, ...units }));
  const { commandId, payload } = command;
  const refund = payload.refund ? refundUnits(context, commandId, order, lines, 'RETURNED') : null;
  takeBack(context, order, lines);
  const refundId = refund?.refundId ?? null;
  context.goods.addReturn(order, record, { lines, refundId });
  const change = {
    refund: refund === null ? null : refundRecord(refund),
    returned: { return: order.returns, lines, refundId },
  };
  return applyChange(
    context,
    record,
    command,
    order,
    isAllBack(order) ? { ...change, status: 'RETURNED' } : { ...change, what: 'partially_returned' },
  );
}

/** Of a RETURNED order nothing is left. So the refusal of such a command is about the quantity. */
function canComeBack(order: KnownOrder): boolean {
  switch (order.status) {
    case 'PAID':
      return isPartShipped(order);
    case 'SHIPPED':
    case 'DELIVERED':
    case 'RETURNED':
      return true;
    default:
      return false;
  }
}

/** Damaged units do not go back to stock, and stay sold. */
function takeBack({ stock, goods }: DecisionContext, order: KnownOrder, lines: ReturnOrder['lines']): void {
  const restocked = lines.flatMap(({ line, restock }) =>
    restock === 0 ? [] : [{ line, quantity: restock }],
  );
  for (const { line, quantity } of restocked) {
    const { sku }: KnownLine = order.lines[line - 1]!;
    stock.giveBack(sku, quantity);
    stock.ship(sku, -quantity);
  }
  goods.setLines(order, countUnits(countUnits(order.lines, lines, 'returned'), restocked, 'restocked'));
}
