/**
 * `orderstream recover republish`: publishes outcomes that the outcome topic has lost, with the bytes from the
 * outbox. It sends all outcomes from the first missing one on again, in order. A subscriber that ignored outcomes
 * after the gap gets them again, and drops the repeats.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { decodeMessages, publishedName } from '../../services/orders-db/index.ts';
import { type Accumulator, createAccumulator, type OutMessage } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { sourceOffsetOf } from '../../services/worker/takeover/log-fingerprint.ts';
import { COMMANDS, EVENTS } from '../../topics/catalogue.ts';
import { CliError, usageError } from '../errors.ts';
import { count, print } from '../output.ts';
import { changeLane, takeLane } from './change.ts';
import { checkLanes, type LaneCheck } from './lane-facts.ts';
import { type Opened, withServers } from './opened.ts';

export interface RepublishOptions {
  readonly name: string;
  readonly partition?: number;
  readonly acceptLoss?: boolean;
  readonly dryRun?: boolean;
}

/** The outcomes that are sent again for one lane. */
interface Plan {
  readonly check: LaneCheck;
  readonly rows: readonly { from: number; to: number }[];
  /** Source offset of the first outcome that is missing on the topic. */
  readonly first: number;
  /** Offsets of outcomes that are neither on the topic nor stored, from `from` (inclusive) to `to` (exclusive). */
  readonly lost: { from: number; to: number } | null;
}

const cutFaults: ReadonlySet<string> = new Set(['outcomesCut', 'eventsMadeAnew']);
const readAtOnce = 20;

export async function republish(options: RepublishOptions): Promise<void> {
  await withServers(options.name, async (opened) => {
    const checks = (await checkLanes(opened)).filter(({ row, problem }) =>
      options.partition === undefined
        ? cutFaults.has(problem?.why ?? '')
        : row.partition === options.partition,
    );
    if (options.partition !== undefined && checks.length === 0) {
      throw usageError(`no worker has ever owned lane ${options.partition}`);
    }
    const cut = checks.filter(({ problem }) => cutFaults.has(problem?.why ?? ''));
    if (cut.length === 0) return print('the outcome topic has every acknowledged outcome');
    const plans: Plan[] = [];
    for (const check of cut) plans.push(await planOf(opened, check));
    const incomplete = plans.filter(({ lost }) => lost !== null);
    for (const plan of plans) show(plan);
    if (incomplete.length > 0 && !options.acceptLoss) {
      throw new CliError('some outcomes are no longer stored; --accept-loss publishes the others', {
        detailLines: incomplete.map(
          ({ check, lost }) => `lane ${check.row.partition}: offsets ${lost!.from} to ${lost!.to - 1}`,
        ),
      });
    }
    if (options.dryRun) return print('dry run: nothing was published');
    await carryOut(opened, plans);
  });
}

async function planOf(opened: Opened, check: LaneCheck): Promise<Plan> {
  const { partition, publishedOffset } = check.row;
  const [kept] = await opened.db.query<RowDataPacket[]>(
    'SELECT from_offset, to_offset FROM outbox WHERE topic = ? AND partition_id = ? ORDER BY from_offset',
    [publishedName(COMMANDS), partition],
  );
  const rows = kept.map((row) => ({ from: Number(row['from_offset']), to: Number(row['to_offset']) }));
  const keptFrom = rows[0]?.from ?? publishedOffset;
  const reached = await contiguousEnd(opened, check, keptFrom);
  const first = Math.max(reached, keptFrom);
  return {
    check,
    rows: rows.filter(({ to }) => to > first),
    first,
    lost: reached < keptFrom ? { from: reached, to: keptFrom } : null,
  };
}

/**
 * The offset after the last outcome before the first gap. It counts source offsets, without repeats and without
 * outcomes after a truncation.
 */
async function contiguousEnd(
  { reader }: Opened,
  { row, facts }: LaneCheck,
  keptFrom: number,
): Promise<number> {
  const { low, high } = facts.events;
  const seen = new Set<number>();
  let highestBefore = -1;
  for await (const records of reader.read(EVENTS, row.partition, low, high)) {
    for (const { headers } of records) {
      const source = sourceOffsetOf({ headers: headers as Record<string, Buffer | string | undefined> });
      if (source === null) continue;
      if (source >= keptFrom) seen.add(source);
      else highestBefore = Math.max(highestBefore, source);
    }
  }
  if (highestBefore < keptFrom - 1 && !seen.has(keptFrom)) return highestBefore + 1;
  let end = keptFrom;
  while (seen.has(end)) end += 1;
  return end;
}

function show({ check, rows, first, lost }: Plan): void {
  const { partition } = check.row;
  const to = rows.at(-1)?.to ?? first;
  print(
    `lane ${partition}: outcomes of the offsets ${first} to ${to - 1} are published again, from ${count(rows.length)} stored batches`,
  );
  if (lost !== null)
    print(
      `lane ${partition}: the outcomes of ${lost.from} to ${lost.to - 1} are no longer stored and stay lost`,
    );
}

async function carryOut(opened: Opened, plans: readonly Plan[]): Promise<void> {
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const accumulator = await createAccumulator({
    settings: opened.settings,
    log,
    metrics: noMetrics,
    topics: [EVENTS],
  });
  try {
    for (const plan of plans) await publishPlan(opened, accumulator, plan);
  } finally {
    await accumulator.close(2_000);
  }
}

async function publishPlan({ db }: Opened, accumulator: Accumulator, plan: Plan): Promise<void> {
  const { check, rows, first } = plan;
  const { partition } = check.row;
  const taken = await takeLane(db, check.row);
  let sent = 0;
  let last = { source: -1, offset: -1 };
  for (let at = 0; at < rows.length; at += readAtOnce) {
    const chunk = rows.slice(at, at + readAtOnce);
    const [blobs] = await db.query<RowDataPacket[]>(
      'SELECT messages FROM outbox WHERE topic = ? AND partition_id = ? AND from_offset >= ? AND from_offset <= ? ORDER BY from_offset',
      [publishedName(COMMANDS), partition, chunk[0]!.from, chunk.at(-1)!.from],
    );
    for (const [index, blob] of blobs.entries()) {
      const messages = outcomesFrom(blob['messages'] as Buffer, chunk[index]!, first);
      if (messages.length === 0) continue;
      let offset = -1;
      await accumulator.sendBatch(messages, { onWritten: (written) => (offset = Number(written)) });
      sent += messages.length;
      last = { source: chunk[index]!.to - 1, offset };
    }
  }
  const change = {
    events_topic_id: check.facts.found.events,
    outcome_source: last.source,
    outcome_offset: last.offset,
  };
  await changeLane(db, taken, change, {
    command: 'republish',
    from: first,
    outcomes: sent,
    lost: plan.lost === null ? 0 : plan.lost.to - plan.lost.from,
  });
  print(`lane ${partition}: ${count(sent)} outcomes published again`);
}

/** The outcomes of a stored batch from `first` on, one for each offset, in order. */
function outcomesFrom(blob: Buffer, { to }: { from: number; to: number }, first: number): OutMessage[] {
  const outcomes = decodeMessages(blob).filter(({ topic }) => topic === EVENTS);
  return outcomes.slice(Math.max(0, outcomes.length - (to - first)));
}
