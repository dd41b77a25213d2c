/** Lists the orders of a customer in pages, newest first. */
import { type OrderResource, orderResource } from '../../../domain/index.ts';
import { Failure } from '../common/failure.ts';
import type { ReadTurns } from '../limits/reads.ts';
import type { Cursors } from '../read/cursor.ts';
import type { OrderDetails } from '../read/order-details.ts';
import type { ListQuery, OrderStore } from '../read/order-store.ts';

export interface ListDeps {
  readonly store: Pick<OrderStore, 'list' | 'details'>;
  readonly reads: ReadTurns;
  readonly cursors: Cursors;
  readonly noteShown: (orderId: string, version: number) => number;
}

export interface ListOrdersInput {
  readonly customerId: string;
  readonly limit: number;
  readonly status: ListQuery['status'];
  readonly filter: Pick<ListQuery, 'createdFromMs' | 'createdToMs' | 'orderId'>;
  readonly withDetails: boolean;
  /** A well-formed cursor of the previous page; null for the first one. */
  readonly cursor: string | null;
}

export interface OrderPage {
  readonly orders: readonly { readonly order: OrderResource; readonly details: OrderDetails | undefined }[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Orders per page. */
export const pageSizeMax = 100;
export const pageSizeDefault = 20;

/** The failure is CURSOR_UNKNOWN, STATE_UNAVAILABLE or SHARE_USED_UP. Never rejects. */
export async function listOrders(
  deps: ListDeps,
  { customerId, limit, status, filter, withDetails, cursor }: ListOrdersInput,
): Promise<OrderPage | Failure> {
  const list = [customerId, status ?? '', ...Object.values(filter).filter((value) => value !== null)].join(
    '|',
  );
  const after = cursor === null ? null : deps.cursors.read(cursor, list);
  if (cursor !== null && after === null) return new Failure('CURSOR_UNKNOWN');
  // One extra row shows whether there is a next page.
  const query = { customerId, limit: limit + 1, status, ...filter, after };
  const read = await deps.reads.run(customerId, () => readPage(deps, query, withDetails));
  if (read instanceof Failure) return read;
  const { found, details } = read;
  const page = found.slice(0, limit);
  for (const { orderId, version } of page) deps.noteShown(orderId, version);
  const last = page.at(-1);
  return {
    orders: page.map((stored) => ({ order: orderResource(stored), details: details.get(stored.orderId) })),
    nextCursor: found.length > limit && last !== undefined ? deps.cursors.issue(last, list) : null,
  };
}

async function readPage({ store }: ListDeps, query: ListQuery, withDetails: boolean) {
  const found = await store.list(query);
  const ids = withDetails ? found.map(({ orderId }) => orderId) : [];
  return { found, details: await store.details(query.customerId, ids) };
}
