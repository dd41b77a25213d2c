/** What the commands of a batch change in lines, shipments and returns of orders, besides the states of the orders. */
import type {
  AdjustStockCommand,
  LineUnits,
  ReturnLine,
  StockChange,
} from '../../../schemas/generated/types.ts';
import type { LogPosition } from '../payments/payment.ts';
import type { KnownLine, KnownOrder } from './known-order.ts';

/** A line whose units changed, in its last state. */
export interface LineUpdate {
  /** The position of the PLACE command of its order. */
  readonly placedAt: LogPosition;
  /** From 1. */
  readonly lineNo: number;
  readonly line: KnownLine;
}

export interface NewShipment {
  readonly placedAt: LogPosition;
  readonly shipmentNo: number;
  readonly lines: readonly LineUnits[];
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly source: LogPosition;
}

export interface NewReturn {
  readonly placedAt: LogPosition;
  readonly returnNo: number;
  readonly lines: readonly ReturnLine[];
  /** The refund that it requested, or null. */
  readonly refundId: string | null;
  readonly source: LogPosition;
}

/** An adjustment of the stock of a SKU. */
export interface StockMovement extends Readonly<StockChange> {
  readonly command: AdjustStockCommand;
  readonly source: LogPosition;
}

/** The delivery of a shipment, which may be new. */
interface Delivery {
  readonly placedAt: LogPosition;
  readonly shipmentNo: number;
  readonly deliveredAtMs: number;
}

/** The rows that a decision writes. */
export interface GoodsChanges {
  readonly lineUpdates: readonly LineUpdate[];
  readonly newShipments: readonly NewShipment[];
  readonly deliveries: readonly Delivery[];
  readonly newReturns: readonly NewReturn[];
  readonly movements: readonly StockMovement[];
}

export interface GoodsLedger {
  /** Replaces the lines of the order. An unchanged line must be the same object as before. */
  setLines(order: KnownOrder, lines: readonly KnownLine[]): void;
  /** Adds a shipment to the order. Its number follows the last one. */
  addShipment(
    order: KnownOrder,
    record: LogPosition,
    parcel: Pick<NewShipment, 'lines' | 'carrier' | 'trackingNumber'>,
  ): void;
  /** Marks a shipment of the order as delivered. */
  deliver(order: KnownOrder, shipmentNo: number, deliveredAtMs: number): void;
  /** Adds a return to the order. Its number follows the last one. */
  addReturn(order: KnownOrder, record: LogPosition, goods: Pick<NewReturn, 'lines' | 'refundId'>): void;
  addMovement(record: LogPosition, movement: Omit<StockMovement, 'source'>): void;
  changes(): GoodsChanges;
}

/** Opens the ledger of one batch. */
export function openGoodsLedger(): GoodsLedger {
  /** The changed orders, with their lines before the batch. */
  const linesBefore = new Map<KnownOrder, readonly KnownLine[]>();
  const newShipments: NewShipment[] = [];
  const deliveries: Delivery[] = [];
  const newReturns: NewReturn[] = [];
  const movements: StockMovement[] = [];
  return {
    setLines(order, lines) {
      if (!linesBefore.has(order)) linesBefore.set(order, order.lines);
      order.lines = lines;
    },
    addShipment(order, { partition, offset }, parcel) {
      order.shipments = [...order.shipments, { isDelivered: false }];
      const { placedAt, shipments } = order;
      const source = { partition, offset };
      newShipments.push({ ...parcel, placedAt, shipmentNo: shipments.length, source });
    },
    deliver(order, shipmentNo, deliveredAtMs) {
      order.shipments = order.shipments.with(shipmentNo - 1, { isDelivered: true });
      deliveries.push({ placedAt: order.placedAt, shipmentNo, deliveredAtMs });
    },
    addReturn(order, { partition, offset }, goods) {
      order.returns += 1;
      const { placedAt, returns: returnNo } = order;
      newReturns.push({ ...goods, placedAt, returnNo, source: { partition, offset } });
    },
    addMovement({ partition, offset }, movement) {
      movements.push({ ...movement, source: { partition, offset } });
    },
    changes: () => ({
      lineUpdates: [...linesBefore].flatMap(([{ placedAt, lines }, before]) =>
        lines.flatMap((line, index) =>
          line === before[index] ? [] : [{ placedAt, lineNo: index + 1, line }],
        ),
      ),
      newShipments,
      deliveries,
      newReturns,
      movements,
    }),
  };
}
