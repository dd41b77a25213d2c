/** The database reads of the routes, from a map of orders. */
import { noCouponLevels, noRules, type Product } from '../../domain/index.ts';
import type { StoredOrder } from '../application/read/order-rows.ts';
import type { AppDeps } from '../http/app.ts';

interface FakeStoreState {
  readonly stored: ReadonlyMap<string, StoredOrder>;
  /** Set to make lists wait. */
  readonly holdList: Promise<void> | null;
}

export function createFakeStore(controls: FakeStoreState): AppDeps['store'] {
  const { stored } = controls;
  return {
    list: async ({ customerId, limit, after }) => {
      await controls.holdList;
      const own = [...stored.values()].filter((order) => order.customerId === customerId);
      return own.filter((order) => after === null || order.orderKey < after.orderKey).slice(0, limit);
    },
    details: async (customerId, orderIds) =>
      new Map(
        orderIds
          .filter((orderId) => stored.get(orderId)?.customerId === customerId)
          .map((orderId) => [orderId, { idempotencyKey: 'key', metadata: { note: 'mine' } }]),
      ),
    history: async () => ({ changes: [], refused: [] }),
    prices: async ({ skus }) => ({
      products: new Map(skus.map((sku) => [sku, productOf(sku)])),
      rules: noRules,
      couponLevels: noCouponLevels,
      unpaidLevels: new Map(),
    }),
  };
}

function productOf(sku: string): Product {
  return {
    sku,
    name: `Product ${sku}`,
    unitPrice: 250,
    currency: 'EUR',
    weightGrams: 0,
    taxCategory: 'standard',
    breaks: null,
  };
}
