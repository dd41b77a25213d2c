/**
 * `orderstream recover adopt`: adapts a lane to a command topic that was recreated, truncated, or truncated and
 * filled again. The keys of orders and the ids of outcomes already use the offsets below the position of the lane.
 * So commands at such offsets are sent again after the position, and the topic then begins there.
 */
import { createHash } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { type Accumulator, createAccumulator, type OutMessage } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { COMMANDS, EVENTS } from '../../topics/catalogue.ts';
import { usageError } from '../errors.ts';
import { type Decoder, openDecoder } from '../kafka/decoder.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import { count, print } from '../output.ts';
import { findServers } from '../servers.ts';
import { changeLane, takeLane } from './change.ts';
import { checkLanes, type LaneCheck } from './lane-facts.ts';
import { type Opened, withServers } from './opened.ts';

export interface AdoptOptions {
  readonly name: string;
  readonly partition?: number;
  readonly dryRun?: boolean;
}

const otherLogFaults: ReadonlySet<string> = new Set(['commandsMadeAnew', 'aheadOfLog', 'otherRecord']);
const fillersAtOnce = 5_000;
const fillerHeader = 'os_recover_filler';

export async function adoptTopic(options: AdoptOptions): Promise<void> {
  const { schemaRegistryUrl } = await findServers(options.name, process.env, ['registry']);
  const decoder = await openDecoder(schemaRegistryUrl);
  await withServers(options.name, async (opened) => {
    const checks = await checkLanes(opened);
    if (options.partition !== undefined && !checks.some(({ row }) => row.partition === options.partition)) {
      throw usageError(`no worker has ever owned lane ${options.partition}`);
    }
    const chosen = checks.filter(
      ({ row, problem }) =>
        otherLogFaults.has(problem?.why ?? '') && (options.partition ?? row.partition) === row.partition,
    );
    if (chosen.length === 0) return print('the command topic matches every selected lane');
    for (const check of chosen) await show(opened, decoder, check);
    if (options.dryRun) return print('dry run: nothing was changed');
    const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
    const accumulator = await createAccumulator({
      settings: opened.settings,
      log,
      metrics: noMetrics,
      topics: [COMMANDS],
    });
    try {
      for (const check of chosen) await adoptOne(opened, decoder, accumulator, check);
    } finally {
      await accumulator.close(2_000);
    }
  });
}

async function show(opened: Opened, decoder: Decoder, check: LaneCheck): Promise<void> {
  const { row, facts } = check;
  const undecided = await undecidedBelow(opened, decoder, check);
  const missing = Math.max(0, row.nextOffset - facts.commands.high);
  print(
    `lane ${row.partition}: ${count(undecided.length)} commands below its position ${row.nextOffset} are sent again after it` +
      `${missing > 0 ? `, after ${count(missing)} fillers` : ''}; the topic then begins at ${row.nextOffset}`,
  );
}

async function adoptOne(
  opened: Opened,
  decoder: Decoder,
  accumulator: Accumulator,
  check: LaneCheck,
): Promise<void> {
  const { db, admin } = opened;
  const { partition, nextOffset } = check.row;
  const taken = await takeLane(db, check.row);
  await fillUp(opened, accumulator, partition, nextOffset);
  // Read again, because records that were produced until the topic reached the position are also below it.
  const undecided = await undecidedBelow(opened, decoder, check);
  for (const record of undecided) await accumulator.send(copyOf(record));
  await admin.deleteRecords(COMMANDS, new Map([[partition, BigInt(nextOffset)]]));
  const { found } = check.facts;
  const change = { topic_id: found.commands, cluster_id: found.clusterId, record_offset: -1, record_id: '' };
  await changeLane(db, taken, change, {
    command: 'adopt',
    position: nextOffset,
    sentAgain: undecided.length,
  });
  print(
    `lane ${partition}: ${count(undecided.length)} commands sent again, the topic begins at ${nextOffset}`,
  );
}

/** Produces empty records up to the position. They are deleted before a consumer reads them. */
async function fillUp(
  { admin }: Opened,
  accumulator: Accumulator,
  partition: number,
  to: number,
): Promise<void> {
  for (;;) {
    const high = Number((await admin.endOffsets(COMMANDS)).get(partition)?.high ?? 0n);
    if (high >= to) return;
    const filler: OutMessage = {
      topic: COMMANDS,
      partition,
      key: null,
      value: null,
      headers: { [fillerHeader]: '1' },
      timestampMs: Date.now(),
    };
    await accumulator.sendBatch(Array.from({ length: Math.min(fillersAtOnce, to - high) }, () => filler));
  }
}

/** Records below the position of the lane that differ from the records that were decided there. */
async function undecidedBelow(
  { reader, db }: Opened,
  decoder: Decoder,
  { row }: LaneCheck,
): Promise<LogRecord[]> {
  const { partition, nextOffset } = row;
  const decided = await decidedCommands(reader, decoder, partition, nextOffset);
  const dead = await deadValues(db, partition);
  const { low, high } = (await reader.ranges(COMMANDS))[partition] ?? { low: 0, high: 0 };
  const undecided: LogRecord[] = [];
  for await (const records of reader.read(COMMANDS, partition, low, Math.min(high, nextOffset))) {
    for (const record of records) {
      if (record.headers[fillerHeader] !== undefined || dead.get(record.offset) === digestOf(record))
        continue;
      const decoded = await decoder.command(record);
      const known = decided.get(record.offset);
      if (decoded.kind === 'value' && known !== undefined && decoded.value.commandId === known) continue;
      undecided.push(record);
    }
  }
  return undecided;
}

/** Command ids by source offset, from the outcomes. */
async function decidedCommands(
  reader: Opened['reader'],
  decoder: Decoder,
  partition: number,
  below: number,
): Promise<ReadonlyMap<number, string | null>> {
  const { low, high } = (await reader.ranges(EVENTS))[partition] ?? { low: 0, high: 0 };
  const decided = new Map<number, string | null>();
  for await (const records of reader.read(EVENTS, partition, low, high)) {
    for (const record of records) {
      const decoded = await decoder.event(record);
      if (decoded.kind !== 'value' || decoded.value.sourceOffset >= below) continue;
      decided.set(decoded.value.sourceOffset, decoded.value.commandId);
    }
  }
  return decided;
}

/** SHA-256 of the values of dead letters, by source offset. */
async function deadValues(db: Opened['db'], partition: number): Promise<ReadonlyMap<number, string>> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT source_offset, LOWER(HEX(value_sha256)) AS digest FROM dead_letters WHERE topic = ? AND partition_id = ?',
    [COMMANDS, partition],
  );
  return new Map(rows.map((row) => [Number(row['source_offset']), String(row['digest'])]));
}

function digestOf({ value }: LogRecord): string {
  return createHash('sha256')
    .update(value ?? Buffer.alloc(0))
    .digest('hex');
}

function copyOf({ partition, key, value, headers, timestampMs }: LogRecord): OutMessage {
  return { topic: COMMANDS, partition, key, value, headers: plain(headers), timestampMs };
}

/** Headers with one value per name. If a name repeats, the last value counts, as in the worker. */
function plain(headers: LogRecord['headers']): Record<string, Buffer | string> {
  const kept: Record<string, Buffer | string> = Object.create(null);
  for (const [name, given] of Object.entries(headers)) {
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
