import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';

/**
 * A small world without differences: logs and tables as from a run of the product. They follow the contract,
 * and no code of the product writes them. A test damages one value in it, and checks which tool finds the
 * damage.
 */
export interface World {
  commands: WorldRecord<OrderCommand>[];
  events: WorldRecord<OrderEvent>[];
  deadLetters: WorldRecord<never>[];
  orders: WorldOrder[];
  history: { orderId: string; version: number; status: string }[];
  deadLetterRows: { partition: number; offset: number; digest: Buffer }[];
  stock: { sku: string; initial: number; added: number; available: number; shipped: number }[];
  payments: WorldPayment[];
  refunds: WorldRefund[];
  couponCounters: { code: string; initial: number; available: number }[];
  couponCustomers: { code: string; customerId: string; used: number }[];
  shipments: WorldShipment[];
  returns: WorldReturn[];
  unpaidCustomers: { customerId: string; units: number }[];
  /** The decided position, by partition. */
  next: number[];
  published: number[];
}

export interface WorldRecord<T> {
  partition: number;
  key: string | null;
  timestampMs: number;
  headers: Record<string, string>;
  /** The value that is to be encoded, or raw bytes. */
  body: T | Buffer;
}

export interface WorldOrder {
  partition: number;
  offset: number;
  id: string;
  status: string;
  version: number;
  total: number;
  subtotal: number;
  received: number;
  refundPending: number;
  refunded: number;
  couponCode: string | null;
  couponCounted: number;
  unpaidUnits: number;
  items: WorldLine[];
}

interface WorldLine {
  sku: string;
  quantity: number;
  unitPrice: number | null;
  lineTotal: number | null;
  cancelled: number;
  shipped: number;
  returned: number;
  restocked: number;
  /** Units that are paid back. */
  refunded: number;
}

/** Its provider is `local`, and its id there is `paymentId`. */
interface WorldPayment {
  orderKey: number;
  no: number;
  paymentId: string;
  orderId: string;
  amount: number;
  disposition: string;
}

/** Its id at the provider is `refundId`. */
interface WorldRefund {
  orderKey: number;
  no: number;
  refundId: string;
  orderId: string;
  paymentId: string;
  amount: number;
  status: string;
}

interface WorldShipment {
  orderKey: number;
  no: number;
  lines: { line: number; quantity: number }[];
  isDelivered: boolean;
}

interface WorldReturn {
  orderKey: number;
  no: number;
  lines: { line: number; quantity: number; restock: number }[];
  refundId: string;
}
