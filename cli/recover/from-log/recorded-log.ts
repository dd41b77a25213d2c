/** Reads the commands of a lane with their published outcomes, from the position of the lane on. */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { InRecord } from '../../../services/shared/kafka/index.ts';
import { sourceOffsetOf } from '../../../services/worker/takeover/log-fingerprint.ts';
import { COMMANDS, EVENTS } from '../../../topics/catalogue.ts';
import { CliError } from '../../errors.ts';
import type { Decoder } from '../../kafka/decoder.ts';
import type { LogReader, LogRecord, Range } from '../../kafka/log-reader.ts';
import type { RecordedPair } from './recorded-batch.ts';

/** The lane in the restored tables, and its logs. */
export interface LaneStart {
  readonly partition: number;
  readonly nextOffset: number;
  /** Offset of the last decided command; -1 if there is none. */
  readonly prevOffset: number;
  readonly commands: Range;
  /** The outcomes to read. They begin at or before the first that the tables lack. */
  readonly events: Range;
}

/** An outcome that the tables lack. */
export interface RecordedOutcome {
  readonly outcome: OrderEvent;
  readonly outcomeOffset: number;
}

/**
 * The outcomes that the tables lack, in the order of their commands. Repeats are left out.
 *
 * @throws CliError if an outcome is missing between two others, or cannot be read
 */
export async function* outcomesOf(
  reader: LogReader,
  decoder: Decoder,
  { partition, nextOffset, prevOffset, events }: LaneStart,
): AsyncGenerator<RecordedOutcome> {
  let last = prevOffset;
  for await (const records of reader.read(EVENTS, partition, events.low, events.high)) {
    for (const record of records) {
      const source = sourceOffsetOf(asInRecord(record));
      if (source === null || source <= last || source < nextOffset) continue;
      const decoded = await decoder.event(record);
      if (decoded.kind === 'poison')
        throw new CliError(`the outcome of ${partition}-${source} cannot be read: ${decoded.message}`);
      if (decoded.value.prevSourceOffset !== last)
        throw new CliError(
          `lane ${partition}: an outcome is missing between the commands ${last} and ${source}. See "Lost outcomes" in docs/recovery.md`,
        );
      last = source;
      yield { outcome: decoded.value, outcomeOffset: record.offset };
    }
  }
}

/**
 * Each of these outcomes with its command.
 *
 * @throws CliError if the command log no longer has a command
 */
export async function* pairsOf(
  reader: LogReader,
  decoder: Decoder,
  lane: LaneStart,
): AsyncGenerator<RecordedPair> {
  const { partition, nextOffset, commands } = lane;
  const records = flat(reader.read(COMMANDS, partition, nextOffset, commands.high));
  try {
    for await (const each of outcomesOf(reader, decoder, lane)) {
      const source = each.outcome.sourceOffset;
      let next = await records.next();
      while (next.done !== true && next.value.offset < source) next = await records.next();
      if (next.done === true || next.value.offset !== source)
        throw new CliError(
          `the command ${partition}-${source} is no longer in the log, and its outcome needs it`,
        );
      yield { record: asInRecord(next.value), ...each };
    }
  } finally {
    await records.return(undefined);
  }
}

async function* flat(chunks: AsyncIterable<LogRecord[]>): AsyncGenerator<LogRecord, undefined> {
  for await (const chunk of chunks) yield* chunk;
}

/** The record in the form of the services. If a header repeats, the last value counts, as in the worker. */
function asInRecord({ offset, headers, ...record }: LogRecord): InRecord {
  const plain: InRecord['headers'] = Object.create(null);
  for (const [name, given] of Object.entries(headers)) {
    plain[name] = Array.isArray(given) ? given.at(-1) : given;
  }
  return { ...record, offset: BigInt(offset), headers: plain };
}
