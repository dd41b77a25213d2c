/**
 * The levels of stock and coupon counters that a decision needs. Most batches read none: they assume that enough is left,
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

export interface LevelDeps {
  readonly session: Session;
  readonly low: LowLevels;
}

export interface Levels {
  readonly stockLevels: ReadonlyMap<string, number>;
  readonly couponLevels: CouponLevels;
}

/** What is short, by SKU, code and `customerKey`. */
export interface Shortage {
  readonly skus: readonly string[];
  readonly codes: readonly string[];
  readonly customers: readonly string[];
}

/**
 * Reads the levels of everything that is known to be short. A level of 0 is not locked. To refuse an order, it is enough
 * that nothing was left at the read. So orders for a sold-out SKU block no other batch.
 *
 * Locks are taken in the order of the writes: customers, totals, stock. A batch that locks a level also locks
 * all counters before it. Otherwise its writes would lock them later, in another order.
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
  if (shortSkus.length === 0 && uses === null) return { stockLevels: noLevels, couponLevels: noCouponLevels };
  const { askedCodes, codes, asked, pairs } = uses ?? noUses;
  const shortCodes = shortOf(low.totals, askedCodes, () => codes);
  const shortPairs = new Set(shortOf(low.customers, asked.keys(), () => pairs.keys()));

  const stockLevels = await readLevels(session, shortSkus);
  const totals = await readTotals(session, shortCodes, 'no lock');
  // Always read. Customers often try to use a coupon again, and this must not roll the batch back.
  const used = await readUsed(session, [...asked.values()], 'no lock');

  const skusToLock = shortSkus.filter((sku) => stockLevels.get(sku)! > 0);
  const codesToLock = skusToLock.length > 0 ? codes : shortCodes.filter((code) => totals.get(code)! > 0);
  const isLater = skusToLock.length + codesToLock.length > 0;
  const limitOf = ({ code }: CouponUse) => rules.coupons.get(code)?.customerLimit ?? 0;
  const isUsedUp = (key: string, use: CouponUse) => asked.has(key) && used.get(key)! >= limitOf(use);
  const pairsToLock = [...pairs].filter(
    ([key, use]) => isLater || (shortPairs.has(key) && !isUsedUp(key, use)),
  );

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
    couponLevels: {
      totals: new Map([...totals, ...lockedTotals]),
      customers: new Map([...usedUp, ...lockedUsed]),
    },
  };
}

/**
 * The short counters of `all`, if one of those that new orders take from is short. The others are locked too, because
 * give-backs lock them later.
 */
function shortOf(low: LowStock, asked: Iterable<string>, all: () => Iterable<string>): string[] {
  return low.among(asked).length === 0 ? [] : low.among(all());
}

const noLevels: ReadonlyMap<string, number> = new Map();

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

/**
 * What of the failed updates is short now. If nothing is, because it was given back meanwhile, it is everything that the batch
 * takes.
 */
export async function findShortage(session: Session, decision: Decision): Promise<Shortage> {
  const stock = decision.stock.filter(({ peak }) => peak > 0);
  const totals = decision.couponTotals.filter(({ peak }) => peak !== null);
  const customers = decision.couponCustomers.filter(({ peak }) => peak !== null);
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
  const keyOf = ({ code, customerId }: CouponUse) => customerKey(code, customerId);
  const short = {
    skus: stock.filter(({ sku, peak }) => levels.get(sku)! < peak).map(({ sku }) => sku),
    codes: totals.filter(({ code, peak }) => left.get(code)! < peak!).map(({ code }) => code),
    customers: customers.filter((each) => used.get(keyOf(each))! > usedMaxOf(each)!).map(keyOf),
  };
  if (short.skus.length + short.codes.length + short.customers.length > 0) return short;
  return {
    skus: stock.map(({ sku }) => sku),
    codes: totals.map(({ code }) => code),
    customers: customers.map(keyOf),
  };
}
