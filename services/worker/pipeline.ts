/**
 * The stages of one batch, from bytes to a committed transaction. The writer handles the result. An error leaves an
 * open transaction. The writer rolls it back.
 *
 * After `committed` the publisher sends the outcomes in order. It notifies the lane when Kafka has acknowledged them.
 * Only then may the group offset move.
 */
import type { Outcome } from '../../schemas/index.ts';
import { type Decision, decide, type Snapshot } from '../domain/index.ts';
import type { Codecs } from '../shared/codec/index.ts';
import { failpoint } from '../shared/failpoint/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Session, StatementBuffer } from '../shared/mysql/index.ts';
import type { KeyWrapper } from '../shared/personal-data/index.ts';
import type { OrderStatusEntry } from '../shared/redis/index.ts';
import type { LowLevels, LowStock } from './batching/low-stock.ts';
import type { LaneBatch } from './lanes/batch.ts';
import type { StatusCache } from './publishing/status-cache.ts';
import { type BatchTrace, noBatchTrace } from './stages/batch-trace.ts';
import { type DecodedPart, decodeParts } from './stages/decode.ts';
import { findShortage, type Shortage } from './stages/levels.ts';
import { collectNeeds, loadSnapshot } from './stages/load.ts';
import { movesOf, openBatch } from './stages/open.ts';
import { encodeOutcomes, type PartOutcomes } from './stages/outcomes.ts';
import type { Quarantine } from './stages/quarantine.ts';
import { sealedKeyIds, unsealParts } from './stages/unseal.ts';
import { type BatchWrites, layOutWrites, writeBatch } from './stages/write.ts';
import type { PriceCatalogue } from './store/catalogue.ts';
import { storeAttempt } from './store/crash-attempts.ts';
import type { RuleBook } from './store/rule-book.ts';
import { readSkips } from './store/skips.ts';

export interface PipelineDeps {
  readonly topic: string;
  readonly session: Session;
  /** The buffer for the statements of the batch. No other batch uses it until this batch has ended. */
  readonly buffer: StatementBuffer;
  readonly codecs: Codecs;
  readonly catalogue: PriceCatalogue;
  readonly ruleBook: RuleBook;
  readonly low: LowLevels;
  readonly quarantine: Quarantine;
  /** Opens the keys of sealed commands. */
  readonly keyWrapper: KeyWrapper;
  readonly statusCache: Pick<StatusCache, 'entriesOf'>;
  readonly paymentWindowMs: number;
  readonly returnWindowMs: number;
  /** Whether acknowledged outcomes stay in the database. They can be published again if their topic loses them. */
  readonly keepOutcomes?: boolean;
  /** The spans of this batch. Default: none. */
  readonly trace?: BatchTrace;
  readonly log: Logger;
}

/** No decision ends as UNKNOWN. The schema has that symbol for readers of later outcomes. */
type DecidedOutcome = Exclude<Outcome, 'UNKNOWN'>;

/** The batch is committed. Its outcomes must be published, in this order per lane. */
export interface CommittedBatch {
  readonly kind: 'committed';
  readonly parts: readonly PartOutcomes[];
  /** Number of commands by outcome. */
  readonly counts: ReadonlyMap<DecidedOutcome, number>;
  /** Number of refusals by reason code. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly records: number;
  /** The new states of the orders, for the status cache. */
  readonly statuses: readonly OrderStatusEntry[];
  /** `performance.now()` when the COMMIT was sent. Until then the fence proves that this worker owns the lanes. */
  readonly provenAtMs: number;
  /** Time from the start of decoding to the COMMIT. */
  readonly ms: number;
}

export type BatchResult =
  | CommittedBatch
  /** No part could begin, because every lane is held or stopped. No transaction was opened. */
  | { readonly kind: 'nothing' }
  /** A lane of the batch has another owner or another position. The writer must roll back. */
  | { readonly kind: 'fenceLost' }
  /** The stock update failed, because these SKUs are short. The transaction is already rolled back. */
  | ({ readonly kind: 'short' } & Shortage);

export async function runBatch(deps: PipelineDeps, batch: readonly LaneBatch[]): Promise<BatchResult> {
  const { session, trace = noBatchTrace } = deps;
  const startedMs = performance.now();
  await storeAttempts(deps, batch);
  await adoptSkips(deps, batch);
  // The memory of the decoded records is free after this call, before the slow wait for the database.
  const draft = await draftBatch(deps, batch);
  if (draft.kind !== 'draft') return draft;

  if (!(await writeBatch(trace.over(session, 'write the batch'), draft.writes))) {
    await session.rollback();
    return { kind: 'short', ...(await findShortage(session, draft.writes.decision)) };
  }
  const provenAtMs = performance.now();
  const commit = trace.over(session, 'commit the batch').commit();
  await failpoint('commitSent');
  await commit;
  await failpoint('commitAcked');
  const { writes, counts, refusals, records, statuses } = draft;
  return {
    kind: 'committed',
    parts: writes.parts,
    counts,
    refusals,
    records,
    statuses,
    provenAtMs,
    ms: performance.now() - startedMs,
  };
}

interface BatchDraft extends Pick<CommittedBatch, 'counts' | 'refusals' | 'records' | 'statuses'> {
  readonly kind: 'draft';
  readonly writes: BatchWrites;
}

type NoDraft = Extract<BatchResult, { kind: 'nothing' | 'fenceLost' }>;

/** Turns bytes into the writes of the batch. Opens the fenced transaction. */
async function draftBatch(deps: PipelineDeps, batch: readonly LaneBatch[]): Promise<BatchDraft | NoDraft> {
  const { topic, session, keyWrapper, quarantine, log, trace = noBatchTrace } = deps;
  const startMs = Date.now();
  const codec = deps.codecs.commands;
  const decoded = await decodeParts({ codec, quarantine, opensSealed: keyWrapper.isReady, log }, batch);
  if (decoded.length === 0) return { kind: 'nothing' };
  trace.begin(decoded, startMs);
  await failpoint('decoded', () => ordersOf(decoded));

  const needs = collectNeeds(decoded);
  const opening = { ...deps, session: trace.over(session, 'open the batch') };
  const prices = await openBatch(opening, movesOf(decoded), needs, sealedKeyIds(decoded));
  if (prices === null) return { kind: 'fenceLost' };
  const parts = unsealParts(decoded, prices.customerKeys, keyWrapper);
  const reading = { ...deps, session: trace.over(session, 'read the orders') };
  const snapshot = await loadSnapshot(reading, needs, prices);
  await failpoint('loaded');
  const { nowMs } = prices;
  const sources = parts.length === 1 ? parts[0]!.sources : parts.flatMap((part) => part.sources);
  const { paymentWindowMs, returnWindowMs } = deps;
  const decision = decide(snapshot, sources, { nowMs, paymentWindowMs, returnWindowMs });
  observeLevels(deps.low, snapshot, decision);
  const outcomes = encodeOutcomes(deps.codecs.events, parts, decision, nowMs);
  const writes = layOutWrites(
    deps.buffer,
    topic,
    decision,
    outcomes,
    snapshot,
    nowMs,
    deps.keepOutcomes ?? false,
  );
  const statuses = deps.statusCache.entriesOf(decision, nowMs);
  await failpoint('decided');
  return { kind: 'draft', writes, statuses, ...countOutcomes(decision) };
}

/** A dead letter has a reason too, but an error code instead of a reason code. */
const refused: ReadonlySet<Outcome> = new Set(['REJECTED', 'REFUSED']);

function countOutcomes({ events }: Decision): Pick<CommittedBatch, 'counts' | 'refusals' | 'records'> {
  const counts = new Map<DecidedOutcome, number>();
  const refusals = new Map<string, number>();
  for (const event of events) {
    const outcome = event.outcome as DecidedOutcome;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (refused.has(outcome) && event.reason !== null) {
      refusals.set(event.reason.code, (refusals.get(event.reason.code) ?? 0) + 1);
    }
  }
  return { counts, refusals, records: events.length };
}

/** A lane on probation stores its attempt before the batch is decoded. */
async function storeAttempts(deps: PipelineDeps, batch: readonly LaneBatch[]): Promise<void> {
  for (const { lane, from, records, isOnProbation, alone } of batch) {
    // A single record that shares the process with others counts as two, because it may not cause the crash.
    const count = alone ? 1 : Math.max(2, records.length);
    if (!isOnProbation || lane.isAttemptStored(from, count)) continue;
    await storeAttempt(deps.session, deps.topic, lane.partition, from, count);
    lane.attemptStored(from, count);
  }
}

/** Reads the requests of operators to dead-letter a first record that blocks its lane. */
async function adoptSkips(
  { session, topic, quarantine }: PipelineDeps,
  batch: readonly LaneBatch[],
): Promise<void> {
  const heads = batch
    .filter(({ lane }) => lane.isBlocked)
    .map(({ lane, from }) => ({ partition: lane.partition, offset: from }));
  for (const skip of await readSkips(session, topic, heads)) quarantine.recordSkipped(skip);
}

/** The order ids of the decoded commands. A dead-lettered record adds an empty id. */
function ordersOf(parts: readonly DecodedPart[]): string {
  const contents = parts.flatMap(({ sources }) => sources.map(({ content }) => content));
  return contents.map((content) => (content.kind === 'command' ? content.command.orderId : '')).join(' ');
}

function observeLevels(
  low: LowLevels,
  { stockLevels, couponLevels, unpaidLevels, rules }: Snapshot,
  decision: Decision,
): void {
  const limit = rules.unpaidUnitsMax;
  if (unpaidLevels.size > 0 && limit !== null) {
    const left = new Map([...unpaidLevels].map(([customer, held]) => [customer, limit - held]));
    const asked = new Map(decision.unpaid.map((each) => [each.customerId, limit - (each.heldMax ?? limit)]));
    observeEach(low.unpaid, left, asked);
  }
  if (stockLevels.size > 0) {
    const asked = new Map(decision.stock.map(({ sku, peak }) => [sku, peak]));
    observeEach(low.stock, stockLevels, asked);
  }
  if (couponLevels.totals.size > 0) {
    const asked = new Map(decision.couponTotals.map(({ code, peak }) => [code, peak ?? 0]));
    observeEach(low.totals, couponLevels.totals, asked);
  }
}

function observeEach(
  low: LowStock,
  levels: ReadonlyMap<string, number>,
  asked: ReadonlyMap<string, number>,
): void {
  for (const [key, level] of levels) {
    const peak = asked.get(key);
    if (peak !== undefined) low.observe(key, level, peak);
  }
}
