/**
 * Applies one batch of published outcomes: one transaction with the fence of its lane, as a worker writes it. If the
 * process ends at any point, the batch is either applied with its position, or not at all.
 */
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import {
  applyOutcomes,
  asRecorded,
  type Decision,
  MissingForOutcome,
  noCouponLevels,
  type SourceRecord,
} from '../../../services/domain/index.ts';
import type { Codecs } from '../../../services/shared/codec/index.ts';
import { failpoint } from '../../../services/shared/failpoint/index.ts';
import { headerOf, type InRecord } from '../../../services/shared/kafka/index.ts';
import type { Logger } from '../../../services/shared/log/index.ts';
import { type Session, StatementBuffer, textToSql } from '../../../services/shared/mysql/index.ts';
import type { KeyWrapper } from '../../../services/shared/personal-data/index.ts';
import { collectNeeds } from '../../../services/worker/stages/load.ts';
import { openBatch } from '../../../services/worker/stages/open.ts';
import { deadLetterRow } from '../../../services/worker/stages/outcomes.ts';
import { Quarantine } from '../../../services/worker/stages/quarantine.ts';
import { type DeadLetter, type DecodeDeps, readRecord } from '../../../services/worker/stages/read-record.ts';
import { resolveDoubt } from '../../../services/worker/stages/schema-doubt.ts';
import { sealedKeyIds, unsealParts } from '../../../services/worker/stages/unseal.ts';
import { layOutWrites, writeBatch } from '../../../services/worker/stages/write.ts';
import type { PriceCatalogue } from '../../../services/worker/store/catalogue.ts';
import { layOutDeadLetters } from '../../../services/worker/store/dead-letters.ts';
import { readExisting } from '../../../services/worker/store/existing-orders.ts';
import type { RuleBook } from '../../../services/worker/store/rule-book.ts';
import { markOf } from '../../../services/worker/takeover/log-fingerprint.ts';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { CliError } from '../../errors.ts';
import { doubtOpenRefunds } from './open-refunds.ts';
import type { RecordedBatch, RecordedPair } from './recorded-batch.ts';
import { changeStock } from './recovered-stock.ts';

export interface ApplyDeps {
  readonly session: Session;
  readonly codecs: Codecs;
  readonly catalogue: PriceCatalogue;
  readonly ruleBook: RuleBook;
  readonly keyWrapper: KeyWrapper;
  /** The return window of the workers, ms. The close of a delivered order depends on it, and no outcome has it. */
  readonly returnWindowMs: number;
  readonly log: Logger;
}

/** The lane as it is claimed for the recovery. */
export interface RecoveredLane {
  readonly partition: number;
  readonly epoch: number;
  /** The position before the batch. */
  readonly nextOffset: number;
  /** Offset of the last decided command before the batch; -1 if there is none. */
  readonly prevOffset: number;
}

/**
 * Applies a batch. Returns the lane after it.
 *
 * @throws CliError if an outcome cannot be rebuilt from its command and the rows; then nothing of the batch is applied
 */
export async function applyBatch(
  deps: ApplyDeps,
  lane: RecoveredLane,
  batch: RecordedBatch,
): Promise<RecoveredLane> {
  const { session } = deps;
  const last = batch.at(-1)!;
  const to = Number(last.record.offset) + 1;
  try {
    await write(deps, lane, batch, to);
    const commit = session.commit();
    await failpoint('commitSent');
    await commit;
    await failpoint('commitAcked');
  } catch (error) {
    if (session.alive) await session.rollback();
    if (error instanceof MissingForOutcome)
      throw new CliError(`lane ${lane.partition}, commands up to ${to - 1}: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
  return { ...lane, nextOffset: to, prevOffset: to - 1 };
}

async function write(deps: ApplyDeps, lane: RecoveredLane, batch: RecordedBatch, to: number): Promise<void> {
  const { session, catalogue, ruleBook, keyWrapper, returnWindowMs } = deps;
  const buffer = new StatementBuffer();
  const part = { lane: { readsIdsFirst: false }, sources: await readSources(deps, batch) };
  const needs = collectNeeds([part]);
  const opening = { topic: COMMANDS, session, buffer, catalogue, ruleBook };
  const prices = await openBatch(opening, [moveOf(lane, batch, to)], needs, sealedKeyIds([part]));
  if (prices === null)
    throw new CliError(`lane ${lane.partition} has changed since it was read. Run the command again`);
  const [{ sources }] = unsealParts([part], prices.customerKeys, keyWrapper) as [typeof part];
  const existing = await readExisting(session, buffer, needs);
  await failpoint('loaded');
  const { version: priceVersion, products, rules } = prices;
  const commands = sources.map((record, index) => ({ record, outcome: batch[index]!.outcome }));
  const snapshot = asRecorded({ products, priceVersion, rules, ...existing, ...noLevels }, commands);
  const { occurredAt: nowMs } = batch[0]!.outcome;
  const decision = applyOutcomes(snapshot, commands, { nowMs, paymentWindowMs: 0, returnWindowMs });
  mustEqual(deps, batch, decision.events);
  await failpoint('decided');
  // Outcomes are published already, so the batch has no outbox row. Dead letters follow below.
  const writes = layOutWrites(buffer, COMMANDS, withoutGuards(decision), [], snapshot, nowMs, false);
  if (!(await writeBatch(session, writes)))
    throw new MissingForOutcome('a coupon has no counter; import the coupons first');
  await changeStock(session, decision.stock);
  if (decision.newRefunds.length > 0) await doubtOpenRefunds(session);
  await writeDeadLetters(deps, batch, nowMs);
  await markRedriven(session, batch);
  await raiseVersions(session, batch);
}

/** Versions that outcomes name are used up. The next import must not give one of them to other prices. */
async function raiseVersions(session: Session, batch: RecordedBatch): Promise<void> {
  const order = batch.find(({ outcome }) => outcome.order !== null)?.outcome.order;
  if (order === undefined || order === null) return;
  const { priceVersion, rulesVersion } = order;
  const { version, rules } = await readVersions(session);
  const raise = (id: number, by: number) =>
    session.write(`UPDATE catalogue_state SET version = version + ${by} WHERE id = ${id}`);
  if (version < priceVersion) await raise(1, priceVersion + 1 - version);
  if (rules < rulesVersion) await raise(3, rulesVersion + 1 - rules);
}

/** The version of the catalogue, and that of the rules: the sum of coupons and rates. */
async function readVersions(session: Session): Promise<{ version: number; rules: number }> {
  const rows = await session.rows<{ id: number; version: number }>('SELECT id, version FROM catalogue_state');
  const of = (id: number) => Number(rows.find((row) => row.id === id)?.version ?? 0);
  return { version: of(1), rules: of(2) + of(3) };
}

function moveOf({ partition, epoch, nextOffset: from }: RecoveredLane, batch: RecordedBatch, to: number) {
  const { record, outcomeOffset } = batch.at(-1)!;
  const outcome = { source: to - 1, offset: outcomeOffset };
  return { partition, epoch, from, to, published: to, record: markOf(record), outcome };
}

const noLevels = {
  stockLevels: new Map(),
  couponLevels: noCouponLevels,
  unpaidLevels: new Map(),
  stocked: new Set<string>(),
} as const;

/** A published outcome is never refused. So counters have guards that always hold, and stock follows by itself. */
function withoutGuards(decision: Decision): Decision {
  const limit = Number.MAX_SAFE_INTEGER;
  return {
    ...decision,
    stock: [],
    unpaid: decision.unpaid.map((each) => ({ ...each, heldMax: each.heldMax === null ? null : limit })),
    couponTotals: decision.couponTotals.map((each) => ({ ...each, peak: null })),
    couponCustomers: decision.couponCustomers.map((each) => ({ ...each, limit })),
  };
}

/** The commands of a batch. A command with the outcome of a dead letter is not read. */
async function readSources(deps: ApplyDeps, batch: RecordedBatch): Promise<SourceRecord[]> {
  const sources: SourceRecord[] = [];
  for (const { record, outcome } of batch) {
    const { partition, offset } = record;
    const { prevSourceOffset: prevOffset, orderId, reason } = outcome;
    const content: SourceRecord['content'] =
      outcome.outcome === 'DEAD_LETTERED'
        ? { kind: 'deadLetter', orderId, reason: reason! }
        : { kind: 'command', command: await readCommand(deps, record) };
    sources.push({ partition, offset: Number(offset), prevOffset, content });
  }
  return sources;
}

async function readCommand(deps: ApplyDeps, record: InRecord): Promise<OrderCommand> {
  const decoding = decodingOf(deps);
  const read = readRecord(decoding, record);
  const command = 'doubted' in read ? await resolveDoubt(decoding, read, []) : read;
  const where = `${record.partition}-${record.offset}`;
  if ('wait' in command) throw new CliError(`the command ${where} cannot be read: ${command.wait}`);
  if ('code' in command) throw new CliError(`the command ${where} cannot be read: ${command.message}`);
  if (command.sealed !== null && !deps.keyWrapper.isReady)
    throw new CliError(`the command ${where} is sealed; set PERSONAL_DATA_KEYS to the keys of the workers`);
  return command;
}

function decodingOf({ codecs, keyWrapper, log }: ApplyDeps): DecodeDeps {
  return { codec: codecs.commands, quarantine: new Quarantine(), opensSealed: keyWrapper.isReady, log };
}

/** The rebuilt outcomes must have the bytes of the published ones. Otherwise the rows would tell another story. */
function mustEqual({ codecs }: ApplyDeps, batch: RecordedBatch, events: readonly OrderEvent[]): void {
  for (const [index, { record, outcome }] of batch.entries()) {
    const rebuilt = events[index]!;
    if (codecs.events.encode(rebuilt).equals(codecs.events.encode(outcome))) continue;
    throw new CliError(
      `the outcome of ${record.partition}-${record.offset} cannot be rebuilt from the tables`,
      {
        detailLines: differencesOf(outcome, rebuilt),
      },
    );
  }
}

/** One line for each member that differs. */
function differencesOf(published: OrderEvent, rebuilt: OrderEvent): string[] {
  const names = Object.keys(published) as (keyof OrderEvent)[];
  return names.flatMap((name) => {
    const [was, is] = [JSON.stringify(published[name]), JSON.stringify(rebuilt[name])];
    return was === is ? [] : [`${name}: published ${was}, rebuilt ${is}`];
  });
}

async function writeDeadLetters(deps: ApplyDeps, batch: RecordedBatch, nowMs: number): Promise<void> {
  const letters = batch.filter(({ outcome }) => outcome.outcome === 'DEAD_LETTERED');
  if (letters.length === 0) return;
  const buffer = new StatementBuffer();
  const rows = letters.map((pair) => deadLetterRow(letterOf(deps, pair), nowMs));
  layOutDeadLetters(buffer, COMMANDS, rows);
  await deps.session.run(buffer.script());
}

/** The outcome has the reason. The record has everything else. */
function letterOf(deps: ApplyDeps, { record, outcome: { reason, orderId } }: RecordedPair): DeadLetter {
  const { code, message } = reason!;
  const read = readRecord(decodingOf(deps), record);
  const isSame = 'doubted' in read || ('code' in read && read.code === code);
  return { record, code, message, schemaId: isSame ? read.schemaId : null, orderId };
}

/** A command that was redriven from a dead letter names it. */
async function markRedriven(session: Session, batch: RecordedBatch): Promise<void> {
  for (const { record } of batch) {
    const match = /^(\d+)-(\d+)$/.exec(headerOf(record, 'redrive_of')?.toString() ?? '');
    if (match === null) continue;
    await session.write(
      `UPDATE dead_letters SET status = 'REDRIVEN', redriven_at_ms = ${record.timestampMs} ` +
        `WHERE topic = ${textToSql(COMMANDS)} AND partition_id = ${match[1]} AND source_offset = ${match[2]} AND status = 'OPEN'`,
    );
  }
}
