/** The database reads of the routes, from a map of orders. */
import { partitionOfOrder } from '../../../topics/index.ts';
import { noCouponLevels, noRules, type Product } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { StoredOrder } from '../application/read/order-rows.ts';
import type { KnownSubmission } from '../application/read/order-store.ts';
import type { StockLevel } from '../application/read/stock-levels.ts';
import type { AppDeps } from '../http/app.ts';
import type { FakeLog } from './fake-command-log.ts';

type Changes = Awaited<ReturnType<AppDeps['store']['history']>>['changes'];

export interface FakeHistory {
  /** The changes of every order. */
  readonly history: Changes;
}

interface FakeStoreState extends FakeHistory {
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
    history: async () => ({ changes: controls.history, refused: [] }),
    prices: async ({ skus }) => ({
      products: new Map(skus.map((sku) => [sku, productOf(sku)])),
      rules: noRules,
      couponLevels: noCouponLevels,
      unpaidLevels: new Map(),
    }),
  };
}

/** The stored submission of a decided order: its first command in the log. */
export function submissionOf(
  { stored, commands }: Pick<FakeStoreState, 'stored'> & Pick<FakeLog, 'commands'>,
  orderId: string,
): KnownSubmission | null {
  const index = commands.findIndex((command) => command.orderId === orderId && command.type === 'PLACE');
  if (!stored.has(orderId) || index < 0) return null;
  const partition = partitionOfOrder(orderId);
  const before = commands.slice(0, index).filter((one) => partitionOfOrder(one.orderId!) === partition);
  const fingerprint = Buffer.from(commands[index]!.fingerprint!).toString('base64url');
  return { fingerprint, position: { partition, offset: before.length }, epoch: null };
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

/** Stock levels from a map. */
export function createFakeStock(controls: {
  readonly stock: ReadonlyMap<string, StockLevel>;
  readonly mysqlAway: boolean;
}): AppDeps['stock'] {
  return {
    async find(sku) {
      if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
      return controls.stock.get(sku) ?? null;
    },
  };
}
