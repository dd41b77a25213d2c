import { Command } from 'commander';
import { orderId, pointInTime, positiveNumber, wholeNumber } from '../../arguments.ts';
import { usageError } from '../../errors.ts';
import { openDecoder } from '../../kafka/decoder.ts';
import { openLogReader } from '../../kafka/log-reader.ts';
import { showRecord } from '../../kafka/show-record.ts';
import { print, toJson } from '../../output.ts';
import { chooseRecords, mergedMax, type Wanted } from '../../peek/records.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface PeekOptions extends Wanted {
  name: string;
  compact?: boolean;
}

/** `orderstream peek TOPIC`: prints decoded records of a topic, each as a JSON document. It commits nothing. */
export function peekCommand(): Command {
  return new Command('peek')
    .description('print decoded records of a topic; without a start, the last ones')
    .argument('<topic>', 'for example orders.events.v1')
    .option('--partition <n>', 'this partition only', wholeNumber)
    .option('--offset <n>', 'start at this offset; requires --partition', wholeNumber)
    .option('--from <time>', 'start at this time: ISO 8601, or a time before now such as 15m', pointInTime)
    .option('--order <id>', 'records of this order only', orderId)
    .option('--max <n>', 'stop after this many records', positiveNumber, 20)
    .option('--compact', 'one line per record')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .addHelpText(
      'after',
      `\nRecords of several partitions are sorted by time. Above --max ${mergedMax} they are printed partition by partition.`,
    )
    .action(peek);
}

async function peek(topic: string, options: PeekOptions): Promise<void> {
  if (options.offset !== undefined && options.partition === undefined) {
    throw usageError('--offset needs --partition, because an offset belongs to one partition');
  }
  const servers = await findServers(options.name, process.env, ['kafka', 'registry']);
  const decoder = await openDecoder(servers.schemaRegistryUrl);
  const reader = await openLogReader(servers);
  try {
    let printed = 0;
    for await (const record of chooseRecords(reader, topic, options)) {
      print(toJson(await showRecord(record, decoder), options.compact ? undefined : 2));
      printed += 1;
      if (printed >= options.max) return;
    }
    if (printed === 0) process.stderr.write('no such records\n');
  } finally {
    await reader.close();
  }
}
