/**
 * The keys that seal the personal fields of commands. A key stays in memory for a minute. If MySQL is away, an older one is used.
 * This reveals nothing: with an erased key nobody can read the command.
 */
import { errorMessage } from '../../../shared/errors/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import type { Metrics } from '../../../shared/metrics/index.ts';
import type { CustomerKey } from '../../../shared/personal-data/index.ts';
import { createBatcher } from '../common/batcher.ts';
import { createBoundedMap } from '../common/bounded-map.ts';
import { Failure } from '../common/failure.ts';

/** Null: the command is not sealed. NOT_PRODUCED: it must be sealed, and the key cannot be read. */
export type KeyAnswer = CustomerKey | null | Failure;

export interface CustomerKeys {
  /** The key of the customer. Returns no promise if memory has it. Never rejects. */
  keyOf(customerId: string): KeyAnswer | Promise<KeyAnswer>;
}

export interface CustomerKeysDeps {
  /** The keys of these customers, by position. */
  readonly load: (customerIds: readonly string[]) => Promise<readonly (CustomerKey | null)[]>;
  /** Whether a command without a key is refused. */
  readonly isRequired: boolean;
  readonly monotonicMs: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'inc'>;
}

/** An erasure reaches this process after this time. Until then, a new order of the customer is rejected by the worker. */
const keptMs = 60_000;
/** About 300 bytes each. */
const keysMax = 50_000;
const readBatchMax = 200;
const readLingerMs = 1;
const readTimeoutMs = 250;
const readRestMs = 1_000;
const retryAfterMs = 2_000;

/** For an installation without keys: no command is sealed. */
export const noCustomerKeys: CustomerKeys = { keyOf: () => null };

export function createCustomerKeys(deps: CustomerKeysDeps): CustomerKeys {
  const { load, isRequired, monotonicMs, log, metrics } = deps;
  const known = createBoundedMap<string, { readonly key: CustomerKey; readonly untilMs: number }>(keysMax);
  const reads = createBatcher<string, CustomerKey | null>({
    run: load,
    fallback: null,
    onFailure: (error) =>
      log.warn({ reason: errorMessage(error) }, 'MySQL cannot return the keys of customers'),
    batchMax: readBatchMax,
    inFlightMax: 2,
    lingerMs: readLingerMs,
    timeoutMs: readTimeoutMs,
    restMs: readRestMs,
  });

  const read = async (customerId: string): Promise<KeyAnswer> => {
    const [key = null] = await reads.load([customerId]);
    if (key !== null) {
      known.set(customerId, { key, untilMs: monotonicMs() + keptMs });
      return key;
    }
    const older = known.get(customerId);
    if (older !== undefined) return older.key;
    if (isRequired) return keyMissing;
    metrics.inc('ingestion_unsealed_total');
    return null;
  };

  return {
    keyOf(customerId) {
      const entry = known.get(customerId);
      return entry !== undefined && monotonicMs() < entry.untilMs ? entry.key : read(customerId);
    },
  };
}

const keyMissing = new Failure('NOT_PRODUCED', {
  detail: 'The key that encrypts personal data cannot be read now. The request changed nothing.',
  retryAfterMs,
});
