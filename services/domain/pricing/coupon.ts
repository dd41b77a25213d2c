/** The coupon of an order: whether it may be used, and its discount on each line. */
import type { PlaceOrder, Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';
import { mulDivHalfUp, spread } from './money.ts';
import type { Coupon, Rules } from './rules.ts';

/** The effect of a coupon on the amounts of an order. */
export interface CouponEffect {
  readonly discount: number;
  /** The part of each line, in their order. */
  readonly lineDiscounts: readonly number[];
  readonly freeShipping: boolean;
}

/** The coupon with this code, or the reason why no coupon applies. This check comes before the checks of the lines. */
export function findCoupon(rules: Rules, code: string): Coupon | Reason {
  if (rules.flags.coupons === 'off') return reasons.couponsOff();
  return rules.coupons.get(code) ?? reasons.couponUnknown(code);
}

/**
 * The effect of the coupon, or the reason why the order cannot use it. `lineTotals` are the totals of the lines
 * before discounts. `issuedAtMs` is the time of the command, so that a backlog does not expire a coupon.
 */
export function applyCoupon(
  coupon: Coupon,
  { currency, lines }: Pick<PlaceOrder, 'currency' | 'lines'>,
  lineTotals: readonly number[],
  issuedAtMs: number,
): CouponEffect | Reason {
  const { fromMs, untilMs, scope, discount } = coupon;
  if ((fromMs !== null && issuedAtMs < fromMs) || (untilMs !== null && issuedAtMs >= untilMs)) {
    return reasons.couponNotValid(issuedAtMs, fromMs, untilMs);
  }
  if (coupon.currency !== null && coupon.currency !== currency) {
    return reasons.couponCurrency(currency, coupon.currency);
  }
  const isEligible = lines.map(({ sku }) => scope === null || isInScope(scope, sku));
  if (!isEligible.includes(true)) return reasons.couponScope();
  const weights = lineTotals.map((lineTotal, index) => (isEligible[index] ? lineTotal : 0));
  const eligible = weights.reduce((sum, weight) => sum + weight, 0);
  if (eligible < coupon.minimum) return reasons.couponMinimum(eligible, coupon.minimum);
  const amount = amountOf(discount, eligible);
  return {
    discount: amount,
    lineDiscounts: spread(amount, weights),
    freeShipping: discount.kind === 'FREE_SHIPPING',
  };
}

function amountOf(discount: Coupon['discount'], eligible: number): number {
  switch (discount.kind) {
    case 'PERCENT':
      return mulDivHalfUp(eligible, discount.basisPoints, 10_000);
    case 'AMOUNT':
      return Math.min(discount.amount, eligible);
    case 'FREE_SHIPPING':
      return 0;
  }
}

function isInScope(scope: readonly string[], sku: string): boolean {
  return scope.some((entry) => (entry.endsWith('*') ? sku.startsWith(entry.slice(0, -1)) : entry === sku));
}
