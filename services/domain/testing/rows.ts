/** The rows of the model in memory. */
import type { NewReturn, NewShipment, StockMovement, StoredOutcome } from '../index.ts';
import type { MoneyTables } from './money-tables.ts';

export interface Tables extends MoneyTables {
  readonly commands: Map<string, StoredOutcome>;
  readonly stock: Map<string, number>;
  /** Units with customers, by SKU. */
  readonly stockShipped: Map<string, number>;
  /** Redemptions that are left, by code. */
  readonly couponTotals: Map<string, number>;
  /** Redemptions in use, by `customerKey`. */
  readonly couponCustomers: Map<string, number>;
  /** Units in unpaid orders, by customer. */
  readonly unpaid: Map<string, number>;
  /** By partition, offset and number. */
  readonly shipments: Map<string, ShipmentRow>;
  /** Likewise. */
  readonly returns: Map<string, Omit<NewReturn, 'placedAt' | 'returnNo'>>;
  readonly movements: StockMovement[];
}

type ShipmentRow = Omit<NewShipment, 'placedAt' | 'shipmentNo'> & { readonly deliveredAtMs: number | null };
