/** SHIP: a parcel with all units that are left, or with some of them, leaves the warehouse. */
import type { OrderEvent, Reason } from '../../../../schemas/generated/types.ts';
import type { DecisionContext, KnownOrder, SourceRecord } from '../../context.ts';
import { chooseUnits, countUnits, unshippedOf } from '../../orders/units.ts';
import { refundableOf } from '../../payments/payment.ts';
import * as reasons from '../../reasons.ts';
import { linesProblem, nameProblem } from '../bounds.ts';
import { applyChange, findOrder, refuse } from '../change.ts';
import type { CommandHandler, CommandNeeds, CommandOf, Transitions } from '../handler.ts';
import { orderLinesMax, orderRecordsMax } from '../limits.ts';

type ShipCommand = CommandOf<'SHIP'>;

const transitions: Transitions = { PAID: 'SHIPPED' };

export const ship: CommandHandler<ShipCommand> = {
  repeatedBy: 'commandId',
  givesBack: false,
  transitions,
  problem: ({ payload }) =>
    nameProblem('carrier', payload.carrier) ??
    nameProblem('trackingNumber', payload.trackingNumber) ??
    linesProblem(payload.lines, orderLinesMax),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: ShipCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  needs.goodsOf.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one parcel. An order whose payment is refunded gets no goods. */
function decide(context: DecisionContext, record: SourceRecord, command: ShipCommand): OrderEvent {
  const order = findOrder(context, command);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('SHIPPED'));
  // Of a shipped order nothing is left. So the refusal of such a command is about the quantity.
  if (order.status !== 'PAID' && order.status !== 'SHIPPED' && order.status !== 'DELIVERED') {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'SHIPPED'));
  }
  const chosen = chooseUnits(order, command.payload.lines, unshippedOf);
  if ('refusal' in chosen) return refuse(context, record, command, order, chosen.refusal);
  const refusal = refusalOf(context, order);
  if (refusal !== null) return refuse(context, record, command, order, refusal);

  const { carrier, trackingNumber } = command.payload;
  const lines = chosen.units.map(({ line, quantity }) => ({ line, quantity }));
  for (const { line, quantity } of lines) context.stock.ship(order.lines[line - 1]!.sku, quantity);
  context.goods.setLines(order, countUnits(order.lines, lines, 'shipped'));
  context.goods.addShipment(order, record, { lines, carrier, trackingNumber });
  const shipment = { carrier, trackingNumber, shipment: order.shipments.length, lines };
  const isLast = order.lines.every((line) => unshippedOf(line) === 0);
  return applyChange(
    context,
    record,
    command,
    order,
    isLast ? { status: 'SHIPPED', shipment } : { what: 'partially_shipped', shipment },
  );
}

function refusalOf({ money }: DecisionContext, order: KnownOrder): Reason | null {
  if (order.shipments.length >= orderRecordsMax) return reasons.tooMany('shipments', orderRecordsMax);
  const isUnpaid = order.total > 0 && refundableOf(money.of(order.orderId)) === 0;
  return isUnpaid ? reasons.notPaidFor() : null;
}
