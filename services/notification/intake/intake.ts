/**
 * The loop that turns outcomes into delivery rows.
 *
 * running ──► draining ──► stopped
 *
 * - running: takes records from the buffers, decodes them, and drops repeats by source offset. It stores
 *   positions and rows in one transaction. While the database or the registry fails, it waits and skips nothing.
 * - draining: takes no new records. It stores or drops the current batch. A dropped batch is read again,
 *   because its group offset has not moved.
 */
import { setImmediate } from 'node:timers/promises';
import type { OrderEvent } from '../../../schemas/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import { deliveriesOf, emailEndpoint, isMailed, type NewDelivery } from '../deliveries.ts';
import type { EndpointDirectory } from '../endpoints.ts';
import type { MailBudget } from '../mail/mail-budget.ts';
import { isOrderBound } from '../message.ts';
import type { Stall } from '../stall.ts';
import type { EventReader } from './event-reader.ts';
import type { ForeignEvents } from './foreign-events.ts';
import { countBatch, gapsOf } from './intake-counts.ts';
import type { Move, PositionStore } from './intake-store.ts';
import type { PartitionBuffers, Slice } from './partition-buffers.ts';

/** Maximum number of outcomes of one transaction. Beyond a few hundred, the cost per row no longer falls. */
const batchRecordsMax = 1_000;

export interface IntakeDeps {
  buffers: PartitionBuffers;
  reader: EventReader;
  positions: PositionStore;
  endpoints: Pick<EndpointDirectory, 'receiversOf'>;
  /** The e-mail addresses of these orders; none if e-mail is off. */
  addressesOf(orderIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  mailBudget: MailBudget;
  /** Checks whether the stored positions belong to the current topic. If not, its partitions are read again. */
  checkLog(): Promise<void>;
  /** Reads a partition again from its beginning. Resolves once the consumer has that position. */
  readAgain(partition: number): Promise<void>;
  /** Distinguishes repeats from outcomes of another log. */
  foreign: ForeignEvents;
  /** Measures how long a batch has not been read or stored. */
  stall: Stall;
  /** Called after each COMMIT with the receivers that have new deliveries. */
  onStored(endpointIds: ReadonlySet<string>): void;
  backoff: Backoff;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Ends the process: for permanent errors. */
  fatal(error: unknown): void;
}

export interface Intake {
  /** Reports which partitions were assigned and lost. */
  assigned(change: { gained: readonly number[]; lost: readonly number[] }): void;
  /** Reports that the buffers may have records. */
  wake(): void;
  /** Resolves when the current batch is stored or given up. */
  stop(): Promise<void>;
}

/** The part of a batch to store: the events after the stored positions, and the moves of these positions. */
interface Plan {
  moves: Move[];
  events: OrderEvent[];
}

export function startIntake(deps: IntakeDeps): Intake {
  const { buffers, reader, clock, log, metrics, stall } = deps;
  const abort = new AbortController();
  const positions: Positions = { now: new Map(), loaded: new Map(), lookedBehind: new Map() };
  let bell = Promise.withResolvers<void>();
  const wake = (): void => bell.resolve();

  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const slices = buffers.take(batchRecordsMax);
      if (slices.length === 0) {
        await bell.promise;
        bell = Promise.withResolvers<void>();
        // The partitions of one fetch arrive in one turn of the event loop, and share a transaction.
        await setImmediate();
        continue;
      }
      const startedMs = clock.monotonicMs();
      stall.begin('outcomes are not stored');
      const decoded = await reader.read(slices, abort.signal);
      const written = await storeUntilDone(deps, positions, { slices, decoded }, abort.signal);
      buffers.stored(slices);
      stall.end();
      metrics.observe('notification_batch_seconds', (clock.monotonicMs() - startedMs) / 1000);
      log.debug({ events: countRecords(slices), deliveries: written.length }, 'intake stored a batch');
      if (written.length > 0) deps.onStored(new Set(written.map((row) => row.endpointId)));
    }
  };

  const running = loop().catch((error: unknown) => {
    if (!abort.signal.aborted) deps.fatal(error);
  });

  return {
    assigned(change) {
      buffers.assign(change);
      for (const partition of [...change.lost, ...change.gained]) positions.now.delete(partition);
    },
    wake,
    async stop() {
      abort.abort();
      wake();
      await running;
    },
  };
}

/** Source offsets by partition. */
interface Positions {
  /** The last known stored position. */
  now: Map<number, number>;
  /** The position that was read from the database, until this process moves it. */
  loaded: Map<number, number>;
  /** Positions after which outcomes were missing. The log was searched for them from its beginning. */
  lookedBehind: Map<number, number>;
}

interface Batch {
  slices: readonly Slice[];
  decoded: ReadonlyMap<number, OrderEvent[]>;
}

/** Stores the events of a batch, and retries after temporary errors. Gives up only when `signal` aborts. */
async function storeUntilDone(
  deps: IntakeDeps,
  positions: Positions,
  batch: Batch,
  signal: AbortSignal,
): Promise<NewDelivery[]> {
  const { now } = positions;
  let isLogKnown = false;
  for (let attempt = 1; ; attempt++) {
    // This drops partitions that were lost, or that are read again from another offset.
    const decoded = currentOf(deps, batch);
    try {
      await loadMissing(deps, positions, decoded.keys());
      const plan = planBatch(decoded, now);
      const gaps = gapsOf(plan.events, now);
      if (!isLogKnown && gaps.length > 0) {
        // Perhaps nothing is missing, and these records come from another log.
        await deps.checkLog();
        isLogKnown = true;
        continue;
      }
      if (await lookBehind(deps, positions, gaps)) continue;
      if (plan.moves.length === 0) {
        countBatch(deps, plan, decoded, [], now, 0);
        return [];
      }
      const nowMs = deps.clock.nowMs();
      const { deliveries, charge } = await expand(deps, plan.events, nowMs);
      const result = await deps.positions.store(plan.moves, deliveries, nowMs);
      if (result === 'stored') {
        charge();
        countBatch(deps, plan, decoded, deliveries, now, nowMs);
        for (const { partition, to } of plan.moves) {
          now.set(partition, to);
          positions.loaded.delete(partition);
          deps.foreign.moved(partition, nowMs);
        }
        return deliveries;
      }
      deps.log.info(
        { moves: plan.moves.length },
        'another instance stored part of this batch; intake reads the positions again',
      );
    } catch (error) {
      if (classify(error) !== 'retry') throw error;
      deps.stall.begin(errorMessage(error));
      deps.log.warn({ err: error, attempt }, `intake cannot store deliveries yet: ${errorMessage(error)}`);
    }
    for (const partition of batch.decoded.keys()) now.delete(partition);
    await sleep(deps.backoff(attempt), signal);
  }
}

/**
 * A loaded position may come from a restored database, while the group offset is newer. Then the missing
 * outcomes are in the log before the current offset. Searches the log for them once. Returns whether any
 * partition is read again.
 */
async function lookBehind(
  { readAgain, log }: IntakeDeps,
  { loaded, lookedBehind }: Positions,
  gaps: readonly { partition: number; after: number }[],
): Promise<boolean> {
  let isReadAgain = false;
  for (const { partition, after } of gaps) {
    if (loaded.get(partition) !== after || lookedBehind.get(partition) === after) continue;
    lookedBehind.set(partition, after);
    isReadAgain = true;
    log.warn(
      { partition, after },
      'outcomes after the stored position are missing; intake searches the log from its beginning',
    );
    await readAgain(partition);
  }
  return isReadAgain;
}

function currentOf({ buffers }: IntakeDeps, { slices, decoded }: Batch): Map<number, OrderEvent[]> {
  const current = slices.filter((slice) => buffers.isCurrent(slice));
  return new Map(current.map(({ partition }) => [partition, decoded.get(partition) ?? []]));
}

async function loadMissing(
  deps: IntakeDeps,
  { now, loaded }: Positions,
  partitions: Iterable<number>,
): Promise<void> {
  const missing = [...partitions].filter((partition) => !now.has(partition));
  if (missing.length === 0) return;
  const offsets = await deps.positions.load(missing);
  for (const [partition, atMs] of await deps.positions.movedAtMs(missing))
    deps.foreign.moved(partition, atMs);
  for (const [partition, offset] of offsets) {
    now.set(partition, offset);
    loaded.set(partition, offset);
  }
}

/** Drops events that the position has passed, including later copies of older outcomes. */
export function planBatch(
  decoded: ReadonlyMap<number, readonly OrderEvent[]>,
  positions: ReadonlyMap<number, number>,
): Plan {
  const plan: Plan = { moves: [], events: [] };
  for (const [partition, events] of decoded) {
    const from = positions.get(partition) ?? -1;
    let to = from;
    for (const event of events) {
      if (event.sourceOffset <= to) continue;
      plan.events.push(event);
      to = event.sourceOffset;
    }
    if (to > from) plan.moves.push({ partition, from, to });
  }
  return plan;
}

/** The rows of these events. Call `charge` once they are stored. */
async function expand(
  deps: IntakeDeps,
  events: readonly OrderEvent[],
  nowMs: number,
): Promise<{ deliveries: NewDelivery[]; charge(): void }> {
  const customerOf = new Map(
    events.flatMap((event) =>
      isOrderBound(event) && isMailed(event) ? [[event.orderId, event.customerId] as const] : [],
    ),
  );
  const addresses = await deps.addressesOf([...customerOf.keys()]);
  const deliveries = deliveriesOf(events, {
    receiversOf: (customerId, type) => deps.endpoints.receiversOf(customerId, type),
    addresses,
  });
  const mails = deliveries.filter(({ endpointId }) => endpointId === emailEndpoint);
  const wanted = mails.map(({ orderId }) => ({
    customerId: customerOf.get(orderId) ?? null,
    address: addresses.get(orderId)!,
  }));
  const { dueAtMs, charge } = deps.mailBudget.plan(wanted, nowMs);
  mails.forEach((mail, n) => {
    mail.mailDueAtMs = dueAtMs[n]!;
  });
  return { deliveries, charge };
}

function countRecords(slices: readonly Slice[]): number {
  return slices.reduce((sum, slice) => sum + slice.records.length, 0);
}
