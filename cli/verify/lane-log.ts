/**
 * The data of one partition during its check. Typed arrays need a few bytes per command offset, so a million orders
 * fit. Contents are compared by checksum. Two different contents have the same 32 bits once in four billion cases.
 * One failed check is enough to fail a run.
 */
import { crc32 } from 'node:zlib';

export const HAS_OUTCOME = 1;
export const HAS_COMMAND = 2;
/** The outcome created an order: ACCEPTED or REJECTED. */
export const MADE_ORDER = 4;
export const HAS_ROW = 8;
export const DEAD_LETTERED = 16;
export const IS_PLACE = 32;
/** The outcome contained amounts and lines. */
export const HAS_AMOUNTS = 64;

export interface LaneLog {
  readonly partition: number;
  /** Source offset of index 0. Lower offsets are not compared. */
  readonly base: number;
  /** All source offsets are below this one. It is the decided offset at the time of the read of the database. */
  readonly next: number;
  readonly flags: Uint8Array;
  /** Checksum of key, headers, timestamp and value of the first copy of an outcome. */
  readonly record: Uint32Array;
  /** Checksum of the command's type, id and order id, as its outcome contains them. */
  readonly names: Uint32Array;
  /** Checksum of the id of the order, for an outcome that created an order. */
  readonly orderId: Uint32Array;
  /**
   * Version of the order that was created at this offset. `status` and `amounts` belong to the same order. All
   * three are from its last outcome.
   */
  readonly version: Int32Array;
  /** Source offset of the last outcome of that order. */
  readonly changedAt: Float64Array;
  readonly status: Uint8Array;
  readonly amounts: Uint32Array;
  /** Checksum of the money of that order, from its last outcome. 0 if the outcome does not contain it. */
  readonly money: Uint32Array;
  /** Checksum of the units of that order, likewise. */
  readonly units: Uint32Array;
  /** Checksum of SKUs and quantities that a PLACE command requested. */
  readonly asked: Uint32Array;
  /** Index of the offset that created an order, by order id. */
  readonly madeAt: Map<string, number>;
  /** SHA-256 of the values of dead-lettered commands, by source offset. */
  readonly deadValues: Map<number, string>;
}

/** An empty log of `partition` for source offsets from `base` to before `next`. */
export function createLaneLog(partition: number, base: number, next: number): LaneLog {
  const size = Math.max(next - base, 0);
  return {
    partition,
    base,
    next,
    flags: new Uint8Array(size),
    record: new Uint32Array(size),
    names: new Uint32Array(size),
    orderId: new Uint32Array(size),
    version: new Int32Array(size),
    changedAt: new Float64Array(size),
    status: new Uint8Array(size),
    amounts: new Uint32Array(size),
    money: new Uint32Array(size),
    units: new Uint32Array(size),
    asked: new Uint32Array(size),
    madeAt: new Map(),
    deadValues: new Map(),
  };
}

export function setFlag(lane: LaneLog, index: number, flag: number): void {
  lane.flags[index] = (lane.flags[index] ?? 0) | flag;
}

/** Statuses as small numbers. A new status gets the next number. */
export interface StatusCodes {
  code(status: string | null): number;
  name(code: number): string;
}

export function createStatusCodes(): StatusCodes {
  const names: string[] = ['(none)'];
  return {
    code(status) {
      if (status === null) return 0;
      const known = names.indexOf(status);
      return known > 0 ? known : names.push(status) - 1;
    },
    name: (code) => names[code] ?? '(unknown)',
  };
}

export function checksum(text: string | Buffer, seed = 0): number {
  return crc32(text, seed);
}

export interface LineAmounts {
  sku: string;
  quantity: number;
  unitPrice: number | null;
  lineTotal: number | null;
}

export interface OrderAmounts {
  currency: string;
  subtotal: number;
  discount: number;
  shipping: number;
  tax: number;
  total: number;
  lines: LineAmounts[];
}

/** The same order gives the same number, from an event or from the tables. */
export function amountsChecksum(order: OrderAmounts): number {
  const { currency, subtotal, discount, shipping, tax, total, lines } = order;
  const lineText = lines.map((line) => `${line.sku}*${line.quantity}@${line.unitPrice}=${line.lineTotal}`);
  return checksum(`${currency} ${subtotal} ${discount} ${shipping} ${tax} ${total} ${lineText.join(' ')}`);
}

export interface MoneyAmounts {
  received: number;
  refundPending: number;
  refunded: number;
  disputed: number;
}

/** The same money gives the same number, from an event, a state or the tables. 0 for null. */
export function moneyChecksum(money: MoneyAmounts | null): number {
  if (money === null) return 0;
  const { received, refundPending, refunded, disputed } = money;
  return checksum(`${received} ${refundPending} ${refunded} ${disputed}`);
}

export interface UnitCounts {
  ordered: number;
  cancelled: number;
  shipped: number;
  returned: number;
  restocked: number;
}

/** The same units give the same number, from an event, a state or the tables. 0 for null. */
export function unitsChecksum(units: UnitCounts | null): number {
  if (units === null) return 0;
  const { ordered, cancelled, shipped, returned, restocked } = units;
  return checksum(`${ordered} ${cancelled} ${shipped} ${returned} ${restocked}`);
}

/** The units of all lines of an order. */
export function unitsOfLines(
  lines: readonly (Omit<UnitCounts, 'ordered'> & { quantity: number })[],
): UnitCounts {
  const units = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
  for (const line of lines) {
    units.ordered += line.quantity;
    units.cancelled += line.cancelled;
    units.shipped += line.shipped;
    units.returned += line.returned;
    units.restocked += line.restocked;
  }
  return units;
}

/** The same lines give the same number, from a command or from the tables. */
export function askedChecksum(lines: readonly { sku: string; quantity: number }[]): number {
  return checksum(lines.map(({ sku, quantity }) => `${sku}*${quantity}`).join(' '));
}

export function namesChecksum(type: string | null, commandId: string | null, orderId: string | null): number {
  return checksum(`${type} ${commandId} ${orderId}`);
}
