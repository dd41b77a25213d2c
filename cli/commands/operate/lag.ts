import { Command } from 'commander';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import type { Halt } from '../../../services/worker/store/halts.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/catalogue.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { namingMissing } from '../../kafka/missing-topic.ts';
import { type GroupStanding, groupStandings } from '../../lag/groups.ts';
import { type LaneStanding, readLanes, standings, stillLanes } from '../../lag/partition-lag.ts';
import { count, print, printJson, table } from '../../output.ts';
import { type OpenRefunds, readOpenRefunds } from '../../payments/read-money.ts';
import { haltOf } from '../../recover/status.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface LagOptions {
  name: string;
  group?: string;
  all?: boolean;
  json?: boolean;
}

/** `orderstream lag`: shows the position of each lane and group, and what a lane waits for. It only reads. */
export function lagCommand(): Command {
  return new Command('lag')
    .description('show the lag of workers and subscribers, and what each lane waits for')
    .option('--group <group>', 'only this consumer group, which may be one of another team')
    .option('--all', 'every partition of every group, also without lag')
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(lag);
}

async function lag(options: LagOptions): Promise<void> {
  const servers = await findServers(options.name, process.env, ['kafka']);
  const settings = createKafkaConfig(servers, 'orderstream-cli');
  const own = [COMMANDS, EVENTS, STATE, DEAD_LETTERS];
  const { kafka, lanes, groups, halt, refunds, nowMs } = await namingMissing(settings, own, () =>
    readLag(options),
  );
  if (options.json) {
    printJson({ lanes, groups, halt, refunds });
    return;
  }
  if (halt !== null) print(`HALTED since ${new Date(halt.detectedAtMs).toISOString()}: ${halt.message}\n`);
  if (lanes !== null) {
    const still = stillLanes(lanes, nowMs);
    print([...still, `lanes of ${kafka}${COMMANDS}`, lanesText(lanes), ''].join('\n'));
  }
  print(groupsText(groups, options.all === true));
  if (refunds !== null) print(`\n${refundsText(refunds, nowMs)}`);
}

async function readLag(options: LagOptions): Promise<{
  kafka: string;
  lanes: LaneStanding[] | null;
  groups: GroupStanding[];
  halt: Halt | null;
  /** Null with `--group`. */
  refunds: OpenRefunds | null;
  /** Epoch ms by the clock of the database, like the times of the lanes. */
  nowMs: number;
}> {
  // The tables of this product do not contain the groups of other teams.
  const withLanes = options.group === undefined;
  const kafka = await findServers(options.name, process.env, ['kafka']);
  const admin = createAdmin(createKafkaConfig(kafka, 'orderstream-cli'));
  try {
    const groups = await groupStandings(admin, options.group);
    if (!withLanes)
      return { kafka: kafka.kafkaTopicPrefix, lanes: null, groups, halt: null, refunds: null, nowMs: 0 };
    const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
    // Read the tables first and the log later. So the log never has fewer commands than are decided.
    const { rows, halt, refunds, nowMs } = await withDatabase(mysqlUrl, async (db) => ({
      rows: await readLanes(db),
      halt: await haltOf(db),
      refunds: await readOpenRefunds(db),
      nowMs: await databaseNowMs(db),
    }));
    const ends: number[] = [];
    for (const [partition, { high }] of await admin.endOffsets(COMMANDS)) ends[partition] = Number(high);
    return {
      kafka: kafka.kafkaTopicPrefix,
      lanes: standings(rows, ends, nowMs),
      groups,
      halt,
      refunds,
      nowMs,
    };
  } finally {
    await admin.close();
  }
}

function refundsText({ open, oldestMs }: OpenRefunds, nowMs: number): string {
  if (open === 0) return 'refunds: none is open';
  const seconds = Math.max(0, Math.round((nowMs - (oldestMs ?? nowMs)) / 1000));
  return `refunds: ${count(open)} open, the oldest for ${count(seconds)} s`;
}

function lanesText(lanes: readonly LaneStanding[]): string {
  return table([
    ['partition', 'end', 'decided', 'published', 'lag', 'epoch', 'owner', 'waits for'],
    ...lanes.map(({ partition, end, next, published, lag: behind, epoch, owner, waitsFor }) => [
      partition,
      end,
      next,
      published,
      behind,
      epoch,
      owner === '' ? '-' : owner,
      waitsFor === '' ? '-' : waitsFor,
    ]),
  ]);
}

/** One line per group and topic, followed by the partitions that are behind. */
function groupsText(lines: readonly GroupStanding[], all: boolean): string {
  if (lines.length === 0) return 'no group has committed an offset on the topics of the catalogue';
  const parts: string[] = [];
  for (const own of Map.groupBy(lines, ({ group, topic }) => `${group} on ${topic}`).values()) {
    const behind = own.reduce((sum, line) => sum + line.lag, 0);
    const head = `${own[0]?.group} on ${own[0]?.topic}: ${behind === 0 ? 'no lag' : `${count(behind)} behind`}`;
    const shown = own.filter((line) => all || line.lag > 0);
    const rows = shown.map(({ partition, committed, end, lag: left }) => [
      partition,
      committed ?? 'none',
      end,
      left,
    ]);
    parts.push(
      shown.length === 0 ? head : `${head}\n${table([['partition', 'next', 'end', 'lag'], ...rows])}`,
    );
  }
  return parts.join('\n\n');
}
