import { Command } from 'commander';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import type { Halt } from '../../../services/worker/store/halts.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/catalogue.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { namingMissing } from '../../kafka/missing-topic.ts';
import { type GroupStanding, groupStandings } from '../../lag/groups.ts';
import { type OpenRefunds, openRefundsText, readOpenRefunds } from '../../lag/open-refunds.ts';
import { type LaneStanding, readLanes, standings, stillLanes } from '../../lag/partition-lag.ts';
import { readTimers, type TimerStanding, timersText } from '../../lag/timers.ts';
import { count, print, printJson, table } from '../../output.ts';
import { haltOf } from '../../recover/status.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface LagOptions {
  name: string;
  group?: string;
  all?: boolean;
  json?: boolean;
}

/** `orderstream lag`: shows the position of each lane and group, due timers and open refunds. It only reads. */
export function lagCommand(): Command {
  return new Command('lag')
    .description(
      'show the lag of workers and subscribers, what each lane waits for, due timers and open refunds',
    )
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
  const { kafka, lanes, groups, halt, timers, refunds, nowMs } = await namingMissing(settings, own, () =>
    readLag(options),
  );
  if (options.json) {
    printJson({ lanes, groups, halt, timers, refunds });
    return;
  }
  if (halt !== null) print(`HALTED since ${new Date(halt.detectedAtMs).toISOString()}: ${halt.message}\n`);
  if (lanes !== null) {
    const still = stillLanes(lanes, nowMs);
    print([...still, `lanes of ${kafka}${COMMANDS}`, lanesText(lanes), ''].join('\n'));
  }
  print(groupsText(groups, options.all === true));
  if (timers !== null) print(`\n${timersText(timers, nowMs)}`);
  if (refunds !== null) print(openRefundsText(refunds, nowMs));
}

async function readLag(options: LagOptions): Promise<{
  kafka: string;
  lanes: LaneStanding[] | null;
  groups: GroupStanding[];
  halt: Halt | null;
  /** Null with `--group`, like the refunds. */
  timers: TimerStanding | null;
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
      return {
        ...{ kafka: kafka.kafkaTopicPrefix, lanes: null, groups, halt: null },
        ...{ timers: null, refunds: null, nowMs: 0 },
      };
    const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
    // Read the tables first and the log later. So the log never has fewer commands than are decided.
    const { rows, nowMs, ...money } = await withDatabase(mysqlUrl, async (db) => {
      const rows = await readLanes(db);
      const halt = await haltOf(db);
      const nowMs = await databaseNowMs(db);
      return { rows, halt, timers: await readTimers(db, nowMs), refunds: await readOpenRefunds(db), nowMs };
    });
    const ends: number[] = [];
    for (const [partition, { high }] of await admin.endOffsets(COMMANDS)) ends[partition] = Number(high);
    return {
      kafka: kafka.kafkaTopicPrefix,
      lanes: standings(rows, ends, nowMs),
      groups,
      ...money,
      nowMs,
    };
  } finally {
    await admin.close();
  }
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
