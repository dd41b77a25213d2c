/** Payments, refunds, shipments and returns in the form of their schemas. */
import type {
  PaymentRow,
  RefundRow,
  ReturnRow,
  ShipmentRow,
} from '../../../application/read/order-records.ts';

export function paymentResource({ paymentId, receivedAtMs, ...payment }: PaymentRow): object {
  return { ...payment, id: paymentId, receivedAt: timeOf(receivedAtMs) };
}

export function refundResource(refund: RefundRow): object {
  const { number, refundId, paymentId, amount, currency, status, reason, lines } = refund;
  const { provider, providerRefundId, failureCode, retryOf, settledAtMs } = refund;
  return {
    number,
    id: refundId,
    ...{ paymentId, amount, currency, status, reason, lines, provider },
    shipping: refund.withShipping,
    retried: refund.isRetried,
    ...(providerRefundId === null ? {} : { providerRefundId }),
    ...(failureCode === null ? {} : { failureCode }),
    ...(retryOf === null ? {} : { retryOf }),
    requestedAt: timeOf(refund.requestedAtMs),
    ...(settledAtMs === null ? {} : { settledAt: timeOf(settledAtMs) }),
  };
}

export function shipmentResource(shipment: ShipmentRow): object {
  const { number, lines, carrier, trackingNumber, shippedAtMs, deliveredAtMs } = shipment;
  return {
    number,
    lines,
    ...(carrier === null ? {} : { carrier }),
    ...(trackingNumber === null ? {} : { trackingNumber }),
    shippedAt: timeOf(shippedAtMs),
    ...(deliveredAtMs === null ? {} : { deliveredAt: timeOf(deliveredAtMs) }),
  };
}

export function returnResource({ number, lines, refundId, returnedAtMs }: ReturnRow): object {
  return {
    number,
    lines,
    ...(refundId === null ? {} : { refundId }),
    returnedAt: timeOf(returnedAtMs),
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
