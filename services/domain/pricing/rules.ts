/**
 * The rules that price an order besides the catalogue: coupons, shipping, tax and flags. The rules are data of one
 * version. The worker reads them before it decides a batch. Without any rule, the total of an order is the sum of its
 * lines.
 */

/** A coupon. It is valid from `fromMs` until just before `untilMs`, in epoch ms. Null means no bound. */
export interface Coupon {
  readonly code: string;
  readonly discount:
    | { readonly kind: 'PERCENT'; readonly basisPoints: number }
    | { readonly kind: 'AMOUNT'; readonly amount: number }
    | { readonly kind: 'FREE_SHIPPING' };
  /** The only currency of orders with this coupon; null for any currency. Never null with an amount or a minimum. */
  readonly currency: string | null;
  /** The lines in its scope must cost this much before discounts, in minor units. */
  readonly minimum: number;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** SKUs in its scope; an entry that ends in `*` is a prefix. Null for every SKU. */
  readonly scope: readonly string[] | null;
  /** Number of orders that may use it at the same time; null if there is no limit. */
  readonly totalLimit: number | null;
  /** Number of orders of one customer that may use it at the same time; null if there is no limit. */
  readonly customerLimit: number | null;
}

/** One tax rate. A null column is a wildcard. */
export interface TaxRate {
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** The region in the form of `regionKey`; null is a wildcard. */
  readonly region: string | null;
  readonly category: string | null;
  /** Parts per million: 190,000 is 19 %. */
  readonly ratePpm: number;
  /** Whether prices contain the tax in this country. The same for all rates of one country. */
  readonly inclusive: boolean;
}

/** The price of shipping one order. */
export interface ShippingRate {
  /** ISO 3166-1 alpha-2; null is a wildcard for countries without a rate in this currency. */
  readonly country: string | null;
  readonly currency: string;
  /** The largest weight of the order in grams; null is no bound. */
  readonly weightMaxGrams: number | null;
  readonly amount: number;
  /** Shipping is free from this subtotal before coupons; null for never. */
  readonly freeFrom: number | null;
}

/** Switches of operators. They are stored with each order, because old rules are overwritten. */
export interface RuleFlags {
  /** `unlimited` counts no redemption. `off` rejects orders with a coupon. */
  readonly coupons: 'on' | 'unlimited' | 'off';
  readonly quantityBreaks: 'on' | 'off';
  /** How long an order may wait for its payment, in ms; null is the setting of the worker. */
  readonly paymentWindowMs: number | null;
}

export interface Rules {
  /** Version of the coupons plus version of the rates and flags. Both only rise, so the sum names one state. */
  readonly version: number;
  readonly flags: RuleFlags;
  /** The flags as an order keeps them; null if all have their defaults. */
  readonly flagsText: string | null;
  /** Coupons by code. A code without an entry has no coupon. */
  readonly coupons: ReadonlyMap<string, Coupon>;
  /** Null if no tax rate was imported: then no order has tax. */
  readonly tax: TaxTable | null;
  /** Null if no shipping rate was imported: then shipping is free. */
  readonly shipping: ShippingTable | null;
  /** How many units a customer may hold in unpaid orders; null is no limit. It changes no price. */
  readonly unpaidUnitsMax: number | null;
}

/** Rates in ppm by category. */
export type CategoryRates = ReadonlyMap<string, number>;

/** Tax rates by country, then by region and category. */
export type TaxTable = ReadonlyMap<
  string,
  { readonly inclusive: boolean; readonly regions: ReadonlyMap<string, CategoryRates> }
>;

/** Shipping rates by country and currency, lightest first. */
export type ShippingTable = ReadonlyMap<string, readonly ShippingRate[]>;

/** The key of a wildcard in both tables. */
export const anyKey = '*';

export const defaultFlags: RuleFlags = { coupons: 'on', quantityBreaks: 'on', paymentWindowMs: null };

/** No rule at all, version 0. */
export const noRules: Rules = {
  version: 0,
  flags: defaultFlags,
  flagsText: null,
  coupons: new Map(),
  tax: null,
  shipping: null,
  unpaidUnitsMax: null,
};

/** The flags as an order keeps them, such as `coupons=off,quantityBreaks=on`. Null if all have their defaults. */
export function flagsText({ coupons, quantityBreaks, paymentWindowMs }: RuleFlags): string | null {
  if (coupons === 'on' && quantityBreaks === 'on' && paymentWindowMs === null) return null;
  const window = paymentWindowMs === null ? '' : `,paymentWindow=${paymentWindowMs / secondMs}s`;
  return `coupons=${coupons},quantityBreaks=${quantityBreaks}${window}`;
}

/** Whether orders with these flags count their redemptions. The text is that of `flagsText`. */
export function countsRedemptions(text: string | null): boolean {
  return text === null || text.startsWith('coupons=on,');
}

const secondMs = 1_000;
const paymentWindowSecondsMax = 30 * 24 * 3_600;

/**
 * Reads the switch `paymentWindow`: whole seconds such as `900s`, from 1 s to 30 days. Returns ms, null for `default`,
 * and undefined for any other text.
 */
export function readPaymentWindow(text: string): number | null | undefined {
  if (text === 'default') return null;
  const seconds = /^[1-9][0-9]{0,6}s$/.test(text) ? Number(text.slice(0, -1)) : 0;
  return seconds >= 1 && seconds <= paymentWindowSecondsMax ? seconds * secondMs : undefined;
}

/** A region as rates and addresses compare it: without spaces at its ends, in upper case. */
export function regionKey(region: string): string {
  return region.trim().toUpperCase();
}

/** The table of these rates, or null without any. */
export function taxTable(rates: readonly TaxRate[]): TaxTable | null {
  if (rates.length === 0) return null;
  const table = new Map<string, { inclusive: boolean; regions: Map<string, Map<string, number>> }>();
  for (const { country, region, category, ratePpm, inclusive } of rates) {
    const entry = entryOf(table, country ?? anyKey, () => ({ inclusive, regions: new Map() }));
    entryOf(entry.regions, region ?? anyKey, () => new Map<string, number>()).set(
      category ?? anyKey,
      ratePpm,
    );
  }
  return table;
}

function entryOf<V>(map: Map<string, V>, key: string, create: () => V): V {
  const entry = map.get(key) ?? create();
  map.set(key, entry);
  return entry;
}

/** The key of a country and currency in a `ShippingTable`. */
export function shippingKey(country: string | null, currency: string): string {
  return `${country ?? anyKey} ${currency}`;
}

/** The table of these rates, or null without any. */
export function shippingTable(rates: readonly ShippingRate[]): ShippingTable | null {
  if (rates.length === 0) return null;
  const weightOf = ({ weightMaxGrams }: ShippingRate) => weightMaxGrams ?? Number.POSITIVE_INFINITY;
  const sorted = rates.toSorted((a, b) => (weightOf(a) < weightOf(b) ? -1 : 1));
  return Map.groupBy(sorted, ({ country, currency }) => shippingKey(country, currency));
}
