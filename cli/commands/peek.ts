import { Command } from 'commander';
import { partitionOfOrder } from '../../topics/partition.ts';
import { orderId, pointInTime, positiveNumber, wholeNumber } from '../arguments.ts';
import { usageError } from '../errors.ts';
import { openDecoder } from '../kafka/decoder.ts';
import { type LogReader, type LogRecord, openLogReader, type Range } from '../kafka/log-reader.ts';
import { showRecord } from '../kafka/show-record.ts';
import { print, toJson } from '../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../servers.ts';

interface PeekOptions {
  name: string;
  partition?: number;
  offset?: number;
  from?: number;
  order?: string;
  max: number;
  compact?: boolean;
}

/** `orderstream peek TOPIC`: records of a topic, decoded, one JSON document each. Commits nothing. */
export function peekCommand(): Command {
  return new Command('peek')
    .description('print records of a topic, decoded; the last ones when nothing says where to start')
    .argument('<topic>', 'for example orders.events.v1')
    .option('--partition <n>', 'this partition only', wholeNumber)
    .option('--offset <n>', 'from this offset on; asks for --partition', wholeNumber)
    .option('--from <time>', 'from this time on: ISO 8601, or a span before now such as 15m', pointInTime)
    .option('--order <id>', 'records of this order only', orderId)
    .option('--max <n>', 'stop after this many records', positiveNumber, 20)
    .option('--compact', 'one line per record')
    .option('--name <instance>', 'local instance that is read', DEFAULT_INSTANCE)
    .action(peek);
}

async function peek(topic: string, options: PeekOptions): Promise<void> {
  if (options.offset !== undefined && options.partition === undefined) {
    throw usageError('--offset counts within one partition; name it with --partition');
  }
  const servers = await findServers(options.name, process.env, ['kafka', 'registry']);
  const decoder = await openDecoder(servers.schemaRegistryUrl);
  const reader = await openLogReader(servers);
  try {
    let printed = 0;
    for await (const record of choose(reader, topic, options)) {
      print(toJson(await showRecord(record, decoder), options.compact ? undefined : 2));
      printed += 1;
      if (printed >= options.max) return;
    }
    if (printed === 0) process.stderr.write('no such records\n');
  } finally {
    await reader.close();
  }
}

/** The wanted records, partition after partition. */
async function* choose(reader: LogReader, topic: string, options: PeekOptions): AsyncGenerator<LogRecord> {
  const ranges = await reader.ranges(topic);
  const partition =
    options.partition ?? (options.order === undefined ? undefined : partitionOfOrder(options.order));
  if (partition !== undefined && ranges[partition] === undefined) {
    throw usageError(`${topic} has the partitions 0 to ${ranges.length - 1}`);
  }
  const starts = options.from === undefined ? null : await reader.offsetsAt(topic, options.from);
  const key = options.order === undefined ? null : Buffer.from(options.order);
  for (const [number, range] of ranges.entries()) {
    if (partition !== undefined && number !== partition) continue;
    const start = startOf(range, options, starts?.[number]);
    for await (const records of reader.read(topic, number, start, range.high)) {
      for (const record of records) if (key === null || record.key?.equals(key)) yield record;
    }
  }
}

/** Where to start in one partition: as told; from its start when searching for an order; else near its end. */
function startOf(range: Range, options: PeekOptions, fromTime: number | undefined): number {
  if (options.offset !== undefined) {
    if (options.offset < range.low || options.offset >= range.high) {
      throw usageError(
        range.low === range.high
          ? `partition ${options.partition} is empty`
          : `partition ${options.partition} holds the offsets ${range.low} to ${range.high - 1}`,
      );
    }
    return options.offset;
  }
  if (fromTime !== undefined) return Math.max(fromTime, range.low);
  if (options.order !== undefined) return range.low;
  return Math.max(range.low, range.high - options.max);
}
