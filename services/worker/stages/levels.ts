/**
 * The levels of stock, coupon counters and unpaid units that a decision needs. Most batches read none: they assume that enough is left,
 * and guards check this. A counter that was short before is read and locked, so that the next decision is exact. Only new
 * orders need levels, because a give-back is never refused.
 */
import {
  type CommandNeeds,
  type CouponLevels,
  customerCounted,
  customerKey,
  type Decision,
  holdsStock,
  type KnownOrder,
  noCouponLevels,
  type Rules,
  totalCounted,
} from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { LowLevels, LowStock } from '../batching/low-stock.ts';
import { type CouponUse, readTotals, readUsed, usedMaxOf } from '../counters/coupon-counters.ts';
import { lockLevels, readLevels } from '../counters/stock.ts';
import { lockUnpaid, readUnpaid } from '../counters/unpaid-customers.ts';

export interface LevelDeps {
  readonly session: Session;
  readonly low: LowLevels;
}

export interface Levels {
  readonly stockLevels: ReadonlyMap<string, number>;
  readonly couponLevels: CouponLevels;
  readonly unpaidLevels: ReadonlyMap<string, number>;
  /** Adjusted SKUs that have a stock row. */
  readonly stocked: ReadonlySet<string>;
}

/** What is short, by SKU, code, `customerKey` and customer. */
export interface Shortage {
  readonly skus: readonly string[];
  readonly codes: readonly string[];
  readonly customers: readonly string[];
  readonly unpaid: readonly string[];
}

/**
 * Reads the levels of everything that is known to be short. A level of 0 is not locked. To refuse an order, it is enough
 * that nothing was left at the read. So orders for a sold-out SKU block no other batch.
 *
 * Locks are taken in the order of the writes: unpaid units, customers, totals, stock. A batch that locks a level also locks
 * all counters before it. Otherwise its writes would lock them later, in another order. The outcome of an adjustment has the
 * new level. So its batch locks all stock that it may change, in the order of the SKUs.
 */
export async function loadLevels(
  { session, low }: LevelDeps,
  needs: CommandNeeds,
  known: ReadonlyMap<string, KnownOrder>,
  rules: Rules,
): Promise<Levels> {
  const orders = givingBack(needs, known);
  const uses = countedUses(needs, orders, rules);
  const shortSkus = shortOf(low.stock, needs.skus, () => skusOf(needs, orders));
  const unpaid = unpaidCustomers(needs, known, rules);
  const nearLimit = shortOf(low.unpaid, unpaid.asked, () => unpaid.all);
  const { adjusted } = needs;
  if (shortSkus.length + nearLimit.length + adjusted.size === 0 && uses === null) return noneRead;
  const { askedCodes, codes, asked, pairs } = uses ?? noUses;
  const shortCodes = shortOf(low.totals, askedCodes, () => codes);
  const shortPairs = new Set(shortOf(low.customers, asked.keys(), () => pairs.keys()));

  const stockLevels = await readLevels(session, shortSkus);
  const totals = await readTotals(session, shortCodes, 'no lock');
  // Always read. Customers often try to use a coupon again, and this must not roll the batch back.
  const used = await readUsed(session, [...asked.values()], 'no lock');

  const skusToLock =
    adjusted.size > 0
      ? [...adjusted.union(new Set(skusOf(needs, [...known.values()])))]
      : shortSkus.filter((sku) => stockLevels.get(sku)! > 0);
  const codesToLock = skusToLock.length > 0 ? codes : shortCodes.filter((code) => totals.get(code)! > 0);
  const isLater = skusToLock.length + codesToLock.length > 0;
  const limitOf = ({ code }: CouponUse) => rules.coupons.get(code)?.customerLimit ?? 0;
  const isUsedUp = (key: string, use: CouponUse) => asked.has(key) && used.get(key)! >= limitOf(use);
  const pairsToLock = [...pairs].filter(
    ([key, use]) => isLater || (shortPairs.has(key) && !isUsedUp(key, use)),
  );

  const held = await readUnpaid(session, nearLimit);
  const isFull = (customer: string) => held.get(customer)! >= (rules.unpaidUnitsMax ?? 0);
  const unpaidToLock =
    isLater || pairsToLock.length > 0 ? [...unpaid.all] : nearLimit.filter((customer) => !isFull(customer));

  const lockedUnpaid = await lockUnpaid(session, unpaidToLock);
  const lockedUsed = await readUsed(
    session,
    pairsToLock.map(([, use]) => use),
    'lock',
  );
  const lockedTotals = await readTotals(session, codesToLock, 'lock');
  const lockedStock = await lockLevels(session, skusToLock);
  const usedUp = [...used].filter(([key]) => isUsedUp(key, asked.get(key)!));
  return {
    stockLevels: new Map([...stockLevels, ...lockedStock]),
    stocked: new Set([...adjusted].filter((sku) => lockedStock.has(sku))),
    couponLevels: {
      totals: new Map([...totals, ...lockedTotals]),
      customers: new Map([...usedUp, ...lockedUsed]),
    },
    unpaidLevels: new Map([...held, ...lockedUnpaid]),
  };
}

/**
 * The short counters of `all`, if one of those that new orders take from is short. The others are locked too, because
 * give-backs lock them later.
 */
function shortOf(low: LowStock, asked: Iterable<string>, all: () => Iterable<string>): string[] {
  return low.among(asked).length === 0 ? [] : low.among(all());
}

const noneRead: Levels = {
  stockLevels: new Map(),
  couponLevels: noCouponLevels,
  unpaidLevels: new Map(),
  stocked: new Set(),
};

/** The counters that a batch may change. */
interface CountedUses {
  /** Codes of new orders that have a total limit. */
  readonly askedCodes: readonly string[];
  /** The same, and those of orders that give their redemption back. */
  readonly codes: readonly string[];
  /** Customers' counters of new orders, by `customerKey`. */
  readonly asked: ReadonlyMap<string, CouponUse>;
  /** The same, and those of orders that give their redemption back. */
  readonly pairs: ReadonlyMap<string, CouponUse>;
}

const noUses: CountedUses = { askedCodes: [], codes: [], asked: new Map(), pairs: new Map() };

/** The orders that may give units or coupons back. The other orders of a batch, such as paid ones, change no counter. */
function givingBack(
  { givingBack }: CommandNeeds,
  orders: ReadonlyMap<string, KnownOrder>,
): readonly KnownOrder[] {
  return [...orders.values()].filter(({ orderId, status }) => givingBack.has(orderId) && holdsStock(status));
}

function skusOf(needs: CommandNeeds, orders: readonly KnownOrder[]): readonly string[] {
  const skus = orders.flatMap(({ lines }) => lines.map(({ sku }) => sku));
  return skus.length === 0 ? needs.skus : [...needs.skus, ...skus];
}

function countedUses(
  needs: CommandNeeds,
  orders: readonly KnownOrder[],
  { coupons, flags }: Rules,
): CountedUses | null {
  if (needs.coupons.length === 0 && orders.length === 0) return null;
  const codes = new Set<string>();
  const asked = new Map<string, CouponUse>();
  for (const use of flags.coupons === 'on' ? needs.coupons : []) {
    const coupon = coupons.get(use.code);
    if (coupon === undefined) continue;
    if (coupon.totalLimit !== null) codes.add(use.code);
    if (coupon.customerLimit !== null) asked.set(customerKey(use.code, use.customerId), use);
  }
  const askedCodes = [...codes];
  const pairs = new Map(asked);
  for (const { redemption, customerId } of orders) {
    if (redemption === null) continue;
    const { code, counted } = redemption;
    if ((counted & totalCounted) !== 0) codes.add(code);
    if ((counted & customerCounted) !== 0) pairs.set(customerKey(code, customerId), { code, customerId });
  }
  return codes.size + pairs.size === 0 ? null : { askedCodes, codes: [...codes], asked, pairs };
}

/** `asked`: customers with new orders, if there is a limit. `all`: these and the owners of orders that may give units back. */
function unpaidCustomers(
  { customers }: CommandNeeds,
  orders: ReadonlyMap<string, KnownOrder>,
  { unpaidUnitsMax }: Rules,
): { asked: readonly string[]; all: ReadonlySet<string> } {
  const asked = unpaidUnitsMax === null ? [] : customers;
  const all = new Set(asked);
  for (const { status, unpaidUnits, customerId } of orders.values()) {
    if (status === 'PENDING_PAYMENT' && unpaidUnits > 0) all.add(customerId);
  }
  return { asked, all };
}

/**
 * What of the failed updates is short now. If nothing is, because it was given back meanwhile, it is everything that the batch
 * takes.
 */
export async function findShortage(session: Session, decision: Decision): Promise<Shortage> {
  const stock = decision.stock.filter(({ peak }) => peak > 0);
  const totals = decision.couponTotals.filter(({ peak }) => peak !== null);
  const customers = decision.couponCustomers.filter(({ peak }) => peak !== null);
  const unpaid = decision.unpaid.filter(({ heldMax }) => heldMax !== null);
  const levels = await readLevels(
    session,
    stock.map(({ sku }) => sku),
  );
  const left = await readTotals(
    session,
    totals.map(({ code }) => code),
    'no lock',
  );
  const used = await readUsed(session, customers, 'no lock');
  const held = await readUnpaid(
    session,
    unpaid.map(({ customerId }) => customerId),
  );
  const keyOf = ({ code, customerId }: CouponUse) => customerKey(code, customerId);
  const short = {
    skus: stock.filter(({ sku, peak }) => levels.get(sku)! < peak).map(({ sku }) => sku),
    codes: totals.filter(({ code, peak }) => left.get(code)! < peak!).map(({ code }) => code),
    customers: customers.filter((each) => used.get(keyOf(each))! > usedMaxOf(each)!).map(keyOf),
    unpaid: unpaid
      .filter(({ customerId, heldMax }) => held.get(customerId)! > heldMax!)
      .map(({ customerId }) => customerId),
  };
  if (Object.values(short).some((names) => names.length > 0)) return short;
  return {
    skus: stock.map(({ sku }) => sku),
    codes: totals.map(({ code }) => code),
    customers: customers.map(keyOf),
    unpaid: unpaid.map(({ customerId }) => customerId),
  };
}
