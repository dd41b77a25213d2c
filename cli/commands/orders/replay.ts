import { Command } from 'commander';
import { createAdmin, createKafkaConfig, type KafkaAdmin } from '../../../services/shared/kafka/index.ts';
import { EVENTS } from '../../../topics/catalogue.ts';
import { pointInTime, wholeNumber } from '../../arguments.ts';
import { CliError, usageError } from '../../errors.ts';
import { type LogReader, openLogReader } from '../../kafka/log-reader.ts';
import { count, print, table, warn } from '../../output.ts';
import { ownGroups, planReplay, type ReplayMove } from '../../replay/plan.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

type From = 'earliest' | 'latest' | number;

interface ReplayOptions {
  name: string;
  group: string;
  from: From;
  topic: string;
  partition?: number;
  dryRun?: boolean;
  iKnow?: boolean;
}

/** Errors of the coordinator if a process outside of the group commits while the group has members. */
const membersPresent: ReadonlySet<unknown> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
]);

/** `orderstream replay`: sets the offsets of a consumer group, so that its members read records again. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('reset a consumer group of your own, to read outcomes again')
    .requiredOption('--group <group>', 'the group; its members must be stopped')
    .requiredOption(
      '--from <place>',
      'earliest, latest, an ISO 8601 time, or a span before now such as 2h',
      place,
    )
    .option('--topic <topic>', 'topic to read again', EVENTS)
    .option('--partition <n>', 'this partition only', wholeNumber)
    .option('--dry-run', 'only show what would change')
    .option('--i-know', 'allow a group of this product, which stores its real position elsewhere')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .addHelpText(
      'after',
      '\nA subscriber that drops duplicates by source offset has no effect twice. To repeat effects, also reset the offsets that it stores.',
    )
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  const { group, topic } = options;
  if (ownGroups.has(group) && !options.iKnow) {
    throw usageError(
      `${group} belongs to this product and stores its real position elsewhere. A move of its offset replays nothing and hides its lag. --i-know moves it anyway`,
    );
  }
  const config = await findServers(options.name, process.env, ['kafka']);
  const admin = createAdmin(createKafkaConfig(config, 'orderstream-cli'));
  const reader = await openLogReader(config);
  try {
    const moves = await plan(reader, admin, options);
    show(moves, group, topic);
    if (moves.every(({ from }) => from === null)) {
      warn(`${group} has no offset on ${topic}: check the name; the group may never have committed there`);
    }
    if (options.dryRun) {
      print('dry run: nothing was moved');
      return;
    }
    // The reader refuses a topic that was recreated meanwhile, because these offsets belong to the old topic.
    await reader.ranges(topic);
    await carryOut(admin, moves, options);
    print(`${group} continues from there`);
  } finally {
    await Promise.all([admin.close(), reader.close()]);
  }
}

async function plan(reader: LogReader, admin: KafkaAdmin, options: ReplayOptions): Promise<ReplayMove[]> {
  const { group, topic, from, partition } = options;
  const ranges = await reader.ranges(topic);
  if (partition !== undefined && ranges[partition] === undefined) {
    throw usageError(`${topic} has the partitions 0 to ${ranges.length - 1}`);
  }
  const targets =
    typeof from === 'number'
      ? await reader.offsetsAt(topic, from)
      : ranges.map(({ low, high }) => (from === 'earliest' ? low : high));
  return planReplay(ranges, await admin.groupOffsets(group, topic), targets, partition);
}

function show(moves: readonly ReplayMove[], group: string, topic: string): void {
  print(`${group} on ${topic}`);
  const rows = moves.map(({ partition, from, to, again }) => [partition, from ?? 'none', to, again]);
  print(table([['partition', 'next now', 'next then', 'read again'], ...rows]));
  const again = moves.reduce((sum, move) => sum + Math.max(0, move.again), 0);
  const left = moves.reduce((sum, move) => sum + Math.max(0, -move.again), 0);
  print(`${count(again)} records read again${left === 0 ? '' : `, ${count(left)} LEFT OUT`}`);
}

async function carryOut(
  admin: KafkaAdmin,
  moves: readonly ReplayMove[],
  { group, topic }: ReplayOptions,
): Promise<void> {
  try {
    const offsets = new Map(moves.map(({ partition, to }) => [partition, BigInt(to)]));
    await admin.setGroupOffsets(group, topic, offsets);
  } catch (error) {
    const { type } = ((error as Error).cause ?? {}) as { type?: unknown };
    if (!membersPresent.has(type)) throw error;
    throw new CliError(`${group} has running members; nothing was moved. Stop the members first`, {
      cause: error,
    });
  }
}

function place(text: string): From {
  if (text === 'earliest' || text === 'latest') return text;
  return pointInTime(text);
}
