/**
 * The loops that list what the providers did, so that reconciliation can compare it without their keys.
 *
 *   visit of a provider: lease ──► list and store the newest records ──► the same for a part of the older ones ──► prune
 *
 * If a visit ends early, the next one continues at its last stored record. Each provider has its own loop, so that one that hangs does
 * not delay others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { appError, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { PaymentProvider, ProviderRecord } from '../../shared/payment-provider/index.ts';
import type { Lease, Listings, Range } from './listings.ts';

export type ListedProvider = Pick<PaymentProvider, 'name' | 'list'>;

export interface VisitDeps {
  readonly listings: Listings;
  /** A provider that was listed is due again after this time. */
  readonly everyMs: number;
  readonly nowMs: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface ListerDeps extends VisitDeps {
  readonly providers: readonly ListedProvider[];
}

export interface Lister {
  /** Ends each visit after its current chunk, and waits for this up to the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

/** How often the tables are read to see whether a provider is due. */
const lookEveryMs = 5_000;
/** Maximum number of records of one statement. */
const chunkRecords = 500;
/** The visit reads no further after this part of its lease. The last call of the provider needs time too. */
const listedShare = 0.8;

export function startLister({ providers, ...deps }: ListerDeps): Lister {
  const abort = new AbortController();
  const loop = async (provider: ListedProvider): Promise<void> => {
    while (!abort.signal.aborted) {
      await visit(deps, provider, abort.signal);
      await sleep(Math.min(lookEveryMs, deps.everyMs), undefined, { signal: abort.signal }).catch(
        () => undefined,
      );
    }
  };
  const running = Promise.all(providers.map(loop));
  return {
    async stop(deadlineMs) {
      abort.abort();
      await Promise.race([running, sleep(deadlineMs, undefined, { ref: false })]);
    },
  };
}

/** Lists the provider if it is due. Never rejects: a later visit tries again. */
export async function visit(deps: VisitDeps, provider: ListedProvider, signal: AbortSignal): Promise<void> {
  const { listings, everyMs, nowMs, log, metrics } = deps;
  const { name } = provider;
  const count = (result: 'done' | 'partial' | 'failed') =>
    metrics.inc('payments_listings_total', { provider: name, result });
  let lease: Lease | null = null;
  try {
    await measure(deps, name);
    lease = await listings.lease(name, nowMs());
    if (lease === null) return;
    const isDone = await listRanges(deps, provider, lease, signal);
    count(isDone ? 'done' : 'partial');
    // The rest of a partial visit is due at once, perhaps at another instance.
    await listings.release(lease, isDone ? nowMs() + everyMs : nowMs());
    await measure(deps, name);
  } catch (error) {
    if (signal.aborted) return;
    count('failed');
    log.warn({ provider: name, reason: errorMessage(error) }, 'a provider could not be listed');
    if (lease !== null) await listings.release(lease, nowMs() + everyMs).catch(() => undefined);
  }
}

/** True once both ranges are listed. */
async function listRanges(
  deps: VisitDeps,
  provider: ListedProvider,
  lease: Lease,
  signal: AbortSignal,
): Promise<boolean> {
  const { listings } = deps;
  const isNewestDone = await listRange(deps, provider, lease, lease.newest, signal, (toMs) =>
    listings.advance(lease, toMs),
  );
  if (!isNewestDone) return false;
  await listings.completeNewest(lease);
  if (lease.again !== null) {
    const isAgainDone = await listRange(deps, provider, lease, lease.again, signal, (toMs) =>
      listings.completeAgain(lease, toMs),
    );
    if (!isAgainDone) return false;
    await listings.completeAgain(lease, lease.again.toMs);
  }
  await listings.prune(lease);
  return true;
}

/**
 * Stores the records of the range, and calls `onStored` with the time of the last one after each chunk. False if the visit
 * had to end before.
 */
async function listRange(
  deps: VisitDeps,
  provider: ListedProvider,
  lease: Lease,
  range: Range,
  signal: AbortSignal,
  onStored: (toMs: number) => Promise<void>,
): Promise<boolean> {
  const endMs = lease.leasedAtMs + (lease.untilMs - lease.leasedAtMs) * listedShare;
  let chunk: ProviderRecord[] = [];
  let lastMs = range.fromMs;
  for await (const record of provider.list(range.fromMs, range.toMs)) {
    lastMs = timeOf(provider, record, lastMs, range.toMs);
    chunk.push(record);
    const isOver = signal.aborted || deps.nowMs() >= endMs;
    if (chunk.length < chunkRecords && !isOver) continue;
    await storeChunk(deps, lease, chunk);
    // More records of this millisecond may follow.
    await onStored(lastMs);
    chunk = [];
    if (isOver) return false;
  }
  await storeChunk(deps, lease, chunk);
  return true;
}

/** A list in another order cannot be continued, and nobody knows what it leaves out. */
function timeOf({ name }: ListedProvider, { atMs }: ProviderRecord, fromMs: number, toMs: number): number {
  if (Number.isSafeInteger(atMs) && atMs >= fromMs && atMs < toMs) return atMs;
  throw appError('PROVIDER_UNAVAILABLE', {
    provider: name,
    reason: `a record of ${atMs} is not in the order or the range of its list, from ${fromMs} to ${toMs}`,
  });
}

async function storeChunk(
  { listings, nowMs, log, metrics }: VisitDeps,
  lease: Lease,
  records: readonly ProviderRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const { provider } = lease;
  const unusable = await listings.store(lease, records, nowMs());
  metrics.inc('payments_listed_records_total', { provider, result: 'stored' }, records.length - unusable);
  if (unusable === 0) return;
  metrics.inc('payments_listed_records_total', { provider, result: 'unusable' }, unusable);
  log.warn({ provider, records: unusable }, 'a provider lists records that no payment or refund can match');
}

async function measure({ listings, nowMs, metrics }: VisitDeps, provider: string): Promise<void> {
  const listedToMs = await listings.listedToMs(provider);
  if (listedToMs === null) return;
  metrics.set('payments_listed_age_seconds', Math.max(0, nowMs() - listedToMs) / 1000, { provider });
}
