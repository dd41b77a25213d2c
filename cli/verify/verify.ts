/**
 * `orderstream verify`: an independent observer. It reads the command log and the outcome log from their starts
 * with its own readers. It takes one consistent view of the tables, and compares all three. It shares no code with
 * the worker. It uses only the schemas, the decoder of records, and the public rule from order id to partition.
 *
 * It holds one partition in memory at a time, with a few dozen bytes per command plus its order id.
 */
import type { Connection } from 'mysql2/promise';
import { COMMANDS, DEAD_LETTERS, EVENTS } from '../../topics/catalogue.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, Range } from '../kafka/log-reader.ts';
import { type CouponUses, checkCoupons } from './check-coupons.ts';
import { checkDeadLetters, type DeadLetterValues, readDeadLetters } from './check-dead-letters.ts';
import { checkOrders } from './check-orders.ts';
import { checkStates } from './check-states.ts';
import { checkStock } from './check-stock.ts';
import { checkUnpaid } from './check-units.ts';
import { type CheckResult, createFindings, type Findings } from './checks.ts';
import { createLaneLog, createStatusCodes, type LaneLog, type StatusCodes } from './lane-log.ts';
import { findOutcomesWithoutCommand, takeCommands } from './read-commands.ts';
import { createOutcomeFold, takeOutcomes } from './read-outcomes.ts';
import { beginSnapshot, readPositions, type SnapshotPosition, waitForPositions } from './snapshot.ts';

export interface VerifyDeps {
  db: Connection;
  reader: LogReader;
  decoder: Decoder;
  topicPrefix: string;
  /** How long to wait for undecided commands. */
  waitMs: number;
  onProgress?(text: string): void;
}

export interface VerifyReport {
  ok: boolean;
  results: CheckResult[];
  commands: number;
  orders: number;
  /** Number of orders whose outcome retention has removed. Only their money and stock were checked. */
  olderThanLog: number;
  skus: number;
  repeats: number;
  deadLetters: number;
  /** Number of outcomes that the snapshot of orders does not cover yet. Null if there is no snapshot. */
  statesBehind: number | null;
  /** Number of outcomes by kind, without repeats. */
  outcomes: Record<string, number>;
  /** By partition: decided commands in the log, and their outcomes. */
  perPartition: { partition: number; commands: number; outcomes: number }[];
  elapsedMs: number;
}

interface Run extends VerifyDeps {
  findings: Findings;
  statuses: StatusCodes;
  report: VerifyReport;
  held: Map<string, number>;
  coupons: CouponUses;
  shipped: Map<string, number>;
  unpaid: Map<string, number>;
  adjusted: Map<string, number>;
  /** False once an outcome log does not begin at its first outcome. */
  fromStart: boolean;
}

const OUTCOME_POLL_MS = 100;

/** Runs every check and reports the counts. Throws only if it cannot read a server. */
export async function verify(deps: VerifyDeps): Promise<VerifyReport> {
  const startedAtMs = performance.now();
  const run = createRun(deps);
  const topics = [...new Set([COMMANDS, deps.topicPrefix + COMMANDS])];
  const offered = (await deps.reader.ranges(COMMANDS)).map(({ high }) => high);
  const onBehind = (behind: number) => deps.onProgress?.(`waiting for ${behind} commands to be decided`);
  await waitForPositions(deps.db, topics, offered, deps.waitMs, onBehind);

  await beginSnapshot(deps.db);
  const positions = await readPositions(deps.db, topics);
  const commandRanges = await deps.reader.ranges(COMMANDS);
  const deadLetters = await readDeadLetters(deps.reader, DEAD_LETTERS);
  for (const [partition, commands] of commandRanges.entries()) {
    deps.onProgress?.(`partition ${partition + 1} of ${commandRanges.length}`);
    const position = positions.get(partition) ?? { next: 0, published: 0 };
    checkPosition(run, partition, commands, position, offered[partition] ?? 0);
    await verifyPartition(run, partition, commands, position.next, { deadLetters, topics });
  }
  const { db, findings, held, shipped } = run;
  const adjusted = run.fromStart ? run.adjusted : null;
  run.report.skus = await checkStock({ db, findings, held, shipped, adjusted });
  await checkCoupons({ db, findings, uses: run.coupons });
  await checkUnpaid(db, findings, run.unpaid);

  const results = findings.results();
  const ok = results.every(({ count }) => count === 0);
  return { ...run.report, ok, results, elapsedMs: performance.now() - startedAtMs };
}

/** Checks one partition: first the outcomes, then the commands, then the orders. */
async function verifyPartition(
  run: Run,
  partition: number,
  commands: Range,
  next: number,
  dead: { deadLetters: DeadLetterValues; topics: string[] },
): Promise<void> {
  const { db, findings, statuses, report } = run;
  const events = (await run.reader.ranges(EVENTS))[partition] ?? { low: 0, high: 0 };
  const base = await firstSourceOffset(run, partition, events, Math.min(commands.low, next));
  if (base > 0) run.fromStart = false;
  const lane = createLaneLog(partition, base, comparedUpTo(next, commands, events));

  const outcomes = await readOutcomes(run, lane, events);
  let commandCount = 0;
  for await (const records of run.reader.read(
    COMMANDS,
    partition,
    Math.max(commands.low, base),
    Math.min(next, commands.high),
  )) {
    commandCount += await takeCommands(records, { lane, findings, decode: run.decoder.command });
  }
  findOutcomesWithoutCommand(lane, commands.low, findings);
  const { held, shipped, coupons, unpaid } = run;
  const { orders, olderThanLog } = await checkOrders({
    db,
    lane,
    findings,
    statuses,
    held,
    shipped,
    coupons,
    unpaid,
  });
  const letters = await checkDeadLetters({
    db,
    lane,
    findings,
    onTopic: dead.deadLetters,
    topics: dead.topics,
  });

  if (run.decoder.state !== null) {
    const behind = await checkStates({
      reader: run.reader,
      decode: run.decoder.state,
      lane,
      findings,
      statuses,
    });
    report.statesBehind = (report.statesBehind ?? 0) + behind;
  }

  report.commands += commandCount;
  report.orders += orders;
  report.olderThanLog += olderThanLog;
  report.deadLetters += letters;
  report.perPartition.push({ partition, commands: commandCount, outcomes });
}

/**
 * The source offset up to which the logs are compared. It is the decided offset of the database, limited by the
 * ends of commands and outcomes. The limit is needed because a damaged position may be any number.
 */
function comparedUpTo(next: number, commands: Range, events: Range): number {
  return Math.min(next, commands.high + (events.high - events.low));
}

/** The first source offset that is compared: the oldest command or the oldest outcome, whichever is older. */
async function firstSourceOffset(
  run: Run,
  partition: number,
  events: Range,
  commandsLow: number,
): Promise<number> {
  const end = Math.min(events.low + 1, events.high);
  for await (const [record] of run.reader.read(EVENTS, partition, events.low, end)) {
    if (record === undefined) continue;
    const decoded = await run.decoder.event(record);
    if (decoded.kind === 'value') return Math.max(0, Math.min(decoded.value.sourceOffset, commandsLow));
  }
  return commandsLow;
}

/**
 * Reads outcomes until all outcomes of the snapshot are read. A decision is in the tables shortly before it is in
 * the log.
 */
async function readOutcomes(run: Run, lane: LaneLog, events: Range): Promise<number> {
  const { reader, findings, statuses, report } = run;
  const fold = createOutcomeFold({ lane, findings, statuses, decode: run.decoder.event });
  const deadlineMs = performance.now() + run.waitMs;
  let range = events;
  for (;;) {
    for await (const records of reader.read(EVENTS, lane.partition, range.low, range.high))
      await takeOutcomes(fold, records);
    if (fold.lastSourceOffset >= lane.next - 1 || performance.now() >= deadlineMs) break;
    await new Promise((resolve) => setTimeout(resolve, OUTCOME_POLL_MS));
    const newest = (await reader.ranges(EVENTS))[lane.partition] ?? range;
    range = { low: range.high, high: newest.high };
  }
  let outcomes = 0;
  for (const [outcome, n] of fold.totals) {
    outcomes += n;
    report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + n;
  }
  for (const [sku, delta] of fold.adjusted) run.adjusted.set(sku, (run.adjusted.get(sku) ?? 0) + delta);
  report.repeats += fold.repeats;
  return outcomes;
}

function checkPosition(
  run: Run,
  partition: number,
  commands: Range,
  position: SnapshotPosition,
  offered: number,
): void {
  const { next, published } = position;
  if (published > next) {
    run.findings.add('position', `partition ${partition}: published ${published} is beyond decided ${next}`);
  }
  if (next > commands.high) {
    run.findings.add(
      'position',
      `partition ${partition}: decided ${next} is beyond the end ${commands.high} of the log`,
    );
  }
  if (next < offered) {
    run.findings.add('undecided', `partition ${partition}: from ${next} to ${offered}`, offered - next);
  }
}

function createRun(deps: VerifyDeps): Run {
  const findings = createFindings();
  return {
    ...deps,
    findings,
    statuses: createStatusCodes(),
    held: new Map(),
    coupons: { totals: new Map(), customers: new Map() },
    shipped: new Map(),
    unpaid: new Map(),
    adjusted: new Map(),
    fromStart: true,
    report: {
      ok: false,
      results: [],
      commands: 0,
      orders: 0,
      olderThanLog: 0,
      skus: 0,
      repeats: 0,
      deadLetters: 0,
      statesBehind: null,
      outcomes: {},
      perPartition: [],
      elapsedMs: 0,
    },
  };
}
