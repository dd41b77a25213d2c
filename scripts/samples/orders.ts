/**
 * Valid and invalid sample orders, whose totals depend on the file alone. An order that is out of stock
 * requests more than a scarce product ever had. No valid order uses scarce products. All valid orders together
 * need a small part of the stock. So no total depends on the order of the decisions, and sending the file again
 * changes no total.
 */
import type { ExpectedTotals } from '../../cli/orders/summary.ts';
import type { Catalogue, Product } from './catalogue.ts';
import type { Random } from './random.ts';

export interface OrderLine {
  customerId: string;
  idempotencyKey: string;
  order: OrderRequest;
}

interface Item {
  sku: string;
  quantity: number;
  expectedUnitPrice?: number;
}

interface OrderRequest {
  currency: string;
  items: Item[];
  couponCode?: string;
  shippingAddress: Record<string, string>;
  contact?: { email: string };
  metadata?: Record<string, string>;
}

/** The share of all orders that the worker rejects, by reason. */
const REJECTED_SHARES = {
  UNKNOWN_SKU: 0.02,
  OUT_OF_STOCK: 0.03,
  PRICE_CHANGED: 0.02,
  CURRENCY_MISMATCH: 0.015,
  COUPON_UNKNOWN: 0.01,
};
/** The shares of extra lines: repeats of an order, and other orders with a used key. */
const REPEAT_SHARE = 0.04;
const CONFLICT_SHARE = 0.02;
const CUSTOMERS = 24;
const ITEMS_MAX = 100;

const STREETS = [
  'Mill Lane',
  'Station Road',
  'Harbour Street',
  'Orchard Way',
  'Market Square',
  'Chapel Hill',
];
const CITIES = [
  { city: 'Utrecht', postalCode: '3511 AB', country: 'NL' },
  { city: 'Leipzig', postalCode: '04109', country: 'DE' },
  { city: 'Lyon', postalCode: '69002', country: 'FR' },
  { city: 'Turin', postalCode: '10121', country: 'IT' },
  { city: 'Porto', postalCode: '4000-069', country: 'PT' },
  { city: 'Cork', postalCode: 'T12 X2Y3', country: 'IE' },
];
const FIRST_NAMES = ['Alex', 'Robin', 'Sam', 'Kim', 'Noor', 'Toni', 'Charlie', 'Mika'];
const LAST_NAMES = ['Sample', 'Example', 'Specimen', 'Placeholder', 'Muster', 'Modelo'];

/** `orderCount` distinct orders plus repeats and conflicts, shuffled, and the expected totals. */
export function makeOrders(
  catalogue: Catalogue,
  orderCount: number,
  random: Random,
): { lines: OrderLine[]; expected: ExpectedTotals } {
  const makers = createMakers(catalogue, random);
  const rejections: Record<string, number> = {};
  const requests: OrderRequest[] = [];
  for (const [code, share] of Object.entries(REJECTED_SHARES)) {
    const n = Math.max(Math.round(orderCount * share), 3);
    rejections[code] = n;
    for (let made = 0; made < n; made += 1) requests.push(makers[code as keyof typeof REJECTED_SHARES]());
  }
  const rejected = requests.length;
  while (requests.length < orderCount) requests.push(makers.good());

  const orders = random.shuffle(requests).map((order, index) => ({
    customerId: `customer-${random.int(1, CUSTOMERS)}`,
    idempotencyKey: `sample-${String(index + 1).padStart(5, '0')}`,
    order,
  }));
  const repeats = random.shuffle(orders).slice(0, Math.round(orderCount * REPEAT_SHARE));
  const good = orders.filter(({ order }) => order.couponCode === undefined && isGood(order, catalogue));
  const conflicts = random
    .shuffle(good)
    .slice(0, Math.round(orderCount * CONFLICT_SHARE))
    .map((line) => ({ ...line, order: otherOrder(line.order) }));
  return {
    // A conflict comes after the order whose key it uses. All other lines may be in any order.
    lines: [...random.shuffle([...orders, ...repeats]), ...conflicts],
    expected: {
      lines: orders.length + repeats.length + conflicts.length,
      orders: orders.length,
      repeats: repeats.length,
      keyConflicts: conflicts.length,
      accepted: orderCount - rejected,
      rejections,
    },
  };
}

function createMakers(catalogue: Catalogue, random: Random) {
  const euro = catalogue.plentiful.filter(({ currency }) => currency === 'EUR');
  const foreign = catalogue.plentiful.filter(({ currency }) => currency !== 'EUR');
  const request = (currency: string, items: Item[]): OrderRequest => ({
    currency,
    items,
    shippingAddress: address(random),
    ...(random.chance(0.6) ? { contact: { email: `customer${random.int(1, 999)}@example.org` } } : {}),
    ...(random.chance(0.3) ? { metadata: { channel: random.pick(['web', 'app', 'phone']) } } : {}),
  });
  const goodItems = (products: Product[]): Item[] =>
    someProducts(products, random).map((product) => item(product, random));
  const good = (): OrderRequest => {
    if (random.chance(0.92)) return request('EUR', goodItems(euro));
    const { currency } = random.pick(foreign);
    return request(currency, goodItems(foreign.filter((product) => product.currency === currency)));
  };
  /** A valid order in euros, with invalid items inserted at any index. */
  const spoiled = (bad: Item[]): OrderRequest => {
    const items = goodItems(euro).slice(0, ITEMS_MAX - bad.length);
    items.splice(random.int(0, items.length), 0, ...bad);
    return request('EUR', items);
  };
  return {
    good,
    UNKNOWN_SKU: () => spoiled([{ sku: `GONE-${random.int(100, 999)}`, quantity: 1 }]),
    OUT_OF_STOCK: () => {
      const { sku, stock } = random.pick(catalogue.scarce);
      // Half of these orders use two lines. No line alone exceeds the stock.
      if (random.chance(0.5)) return spoiled([{ sku, quantity: stock + random.int(1, 20) }]);
      return spoiled([
        { sku, quantity: stock },
        { sku, quantity: 1 },
      ]);
    },
    PRICE_CHANGED: () => {
      const { sku, unitPriceMinor } = random.pick(euro);
      return spoiled([{ sku, quantity: 1, expectedUnitPrice: unitPriceMinor + random.pick([-5, 5, 100]) }]);
    },
    CURRENCY_MISMATCH: () => spoiled([{ sku: random.pick(foreign).sku, quantity: 1 }]),
    COUPON_UNKNOWN: () => ({ ...good(), couponCode: 'NO-SUCH-COUPON' }),
  };
}

/** Mostly a few lines, sometimes many, rarely the maximum. */
function someProducts(products: Product[], random: Random): Product[] {
  const size = random.chance(0.01) ? ITEMS_MAX : random.chance(0.1) ? random.int(8, 30) : random.int(1, 6);
  if (size <= products.length) return random.shuffle(products).slice(0, size);
  return Array.from({ length: Math.min(size, products.length * 2) }, () => random.pick(products));
}

function item({ sku, unitPriceMinor }: Product, random: Random): Item {
  const quantity = random.chance(0.1) ? random.int(6, 24) : random.int(1, 4);
  return random.chance(0.2) ? { sku, quantity, expectedUnitPrice: unitPriceMinor } : { sku, quantity };
}

function isGood({ currency, items }: OrderRequest, { plentiful }: Catalogue): boolean {
  return items.every(({ sku, expectedUnitPrice }) => {
    const product = plentiful.find((candidate) => candidate.sku === sku);
    if (product === undefined || product.currency !== currency) return false;
    return expectedUnitPrice === undefined || expectedUnitPrice === product.unitPriceMinor;
  });
}

/** As valid as the original order, but different. */
function otherOrder(order: OrderRequest): OrderRequest {
  const [first, ...rest] = order.items;
  return first === undefined
    ? order
    : { ...order, items: [{ ...first, quantity: first.quantity + 1 }, ...rest] };
}

function address(random: Random): Record<string, string> {
  return {
    name: `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`,
    line1: `${random.int(1, 240)} ${random.pick(STREETS)}`,
    ...random.pick(CITIES),
  };
}
