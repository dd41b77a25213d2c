/** Combines reads of single orders into few statements. */
import { errorMessage } from '../../../shared/errors/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import { createBatcher } from '../common/batcher.ts';
import type { StoredOrder } from './order-rows.ts';
import type { KnownSubmission, OrderStore } from './order-store.ts';

export const orderReadMs = 2_000;
/** Timeout of the lookup of a new order. After a timeout, only the worker detects duplicates. */
const submissionLookupMs = 250;
const submissionRestMs = 1_000;
/** By default, the linger of the accumulator is at least as long, so this one delays no order. */
const submissionLingerMs = 3;

/** Combines many reads of single orders into few statements. Rejects when MySQL is unavailable. */
export function orderReader(
  store: Pick<OrderStore, 'findOrders'>,
): (orderId: string) => Promise<StoredOrder | null> {
  const failed = Symbol('failed');
  let reason: unknown;
  const reads = createBatcher<string, StoredOrder | null | typeof failed>({
    run: store.findOrders,
    fallback: failed,
    onFailure: (error) => {
      reason = error;
    },
    batchMax: 100,
    inFlightMax: 3,
    lingerMs: 0,
    timeoutMs: orderReadMs,
    restMs: 0,
  });
  return async (orderId) => {
    const [order] = await reads.load([orderId]);
    if (order === failed) throw reason;
    return order as StoredOrder | null;
  };
}

/** The stored submissions of orders, by position; null if there is none, or if MySQL does not respond in time. */
export function submissionReader(
  store: Pick<OrderStore, 'findSubmissions'>,
  log: Logger,
): (orderIds: readonly string[]) => Promise<readonly (KnownSubmission | null)[]> {
  const reads = createBatcher<string, KnownSubmission | null>({
    run: store.findSubmissions,
    fallback: null,
    onFailure: (error) =>
      log.warn(
        { reason: errorMessage(error) },
        'MySQL cannot look up earlier submissions; the worker checks for duplicates',
      ),
    batchMax: 200,
    inFlightMax: 2,
    lingerMs: submissionLingerMs,
    timeoutMs: submissionLookupMs,
    restMs: submissionRestMs,
  });
  return reads.load;
}
