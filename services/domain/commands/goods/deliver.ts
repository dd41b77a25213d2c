/** DELIVER: the customer has got a parcel, or all parcels that are on their way. */
import type { OrderEvent, Reason } from '../../../../schemas/generated/types.ts';
import type { DecisionContext, KnownOrder, SourceRecord } from '../../context.ts';
import * as reasons from '../../reasons.ts';
import { timeProblem } from '../bounds.ts';
import { applyChange, findOrder, refuse } from '../change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from '../handler.ts';
import { orderRecordsMax } from '../limits.ts';

type DeliverCommand = CommandOf<'DELIVER'>;

export const deliver: CommandHandler<DeliverCommand> = {
  repeatedBy: 'commandId',
  givesBack: false,
  transitions: { SHIPPED: 'DELIVERED' },
  problem,
  addNeeds,
  decide,
};

function problem({ payload: { deliveredAt, shipment } }: DeliverCommand): string | null {
  const isNumber = shipment === null || (shipment >= 1 && shipment <= orderRecordsMax);
  return (
    timeProblem('deliveredAt', deliveredAt) ?? (isNumber ? null : `shipment is not 1-${orderRecordsMax}`)
  );
}

function addNeeds({ orderId, commandId }: DeliverCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.goodsOf.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one report. The return window of an order begins when its last parcel is reported. */
function decide(context: DecisionContext, record: SourceRecord, command: DeliverCommand): OrderEvent {
  const order = findOrder(context, command);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('DELIVERED'));
  const { shipment, deliveredAt } = command.payload;
  if (order.status !== 'SHIPPED' && !(order.status === 'PAID' && shipment !== null)) {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'DELIVERED'));
  }
  const refusal = refusalOf(order, shipment);
  if (refusal !== null) return refuse(context, record, command, order, refusal);

  const delivered = shipment === null ? openShipments(order) : [shipment];
  for (const shipmentNo of delivered) context.goods.deliver(order, shipmentNo, deliveredAt);
  const shown = {
    carrier: null,
    trackingNumber: null,
    shipment: delivered.length === 1 ? delivered[0]! : null,
    lines: [],
  };
  if (order.status === 'PAID' || openShipments(order).length > 0) {
    return applyChange(context, record, command, order, { what: 'partially_delivered', shipment: shown });
  }
  order.closeAtMs = command.issuedAt + context.settings.returnWindowMs;
  return applyChange(context, record, command, order, { status: 'DELIVERED', shipment: shown });
}

function refusalOf(order: KnownOrder, shipment: number | null): Reason | null {
  if (shipment === null) return openShipments(order).length > 0 ? null : reasons.alreadyDelivered(null);
  const known = order.shipments[shipment - 1];
  if (known === undefined) return reasons.shipmentUnknown(shipment);
  return known.isDelivered ? reasons.alreadyDelivered(shipment) : null;
}

/** Numbers of the parcels that are on their way. */
function openShipments({ shipments }: KnownOrder): number[] {
  return shipments.flatMap(({ isDelivered }, index) => (isDelivered ? [] : [index + 1]));
}
