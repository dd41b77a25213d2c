import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { type Flow, flowBetween, type LaneReading } from '../../../services/inspection/index.ts';
import { createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/catalogue.ts';
import { CliError } from '../../errors.ts';
import { namingMissing } from '../../kafka/missing-topic.ts';
import { lagText, watchLine } from '../../lag/lag-text.ts';
import { type Lag, type LagReader, withLagReader } from '../../lag/read-lag.ts';
import { interruptible, print, printJson, toJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface LagOptions {
  name: string;
  group?: string;
  all?: boolean;
  json?: boolean;
  /** Seconds between two lines. */
  watch?: number | true;
}

const watchEverySeconds = 2;
const watchSecondsMax = 3_600;

/** `orderstream lag`: shows the position of each lane and group, due timers and open refunds. It only reads. */
export function lagCommand(): Command {
  return new Command('lag')
    .description(
      'show the lag of workers and subscribers, what each lane waits for, due timers and open refunds',
    )
    .option('--group <group>', 'only this consumer group, which may be one of another team')
    .option('--all', 'every partition of every group, also without lag')
    .option(
      '--watch [seconds]',
      'a line every two seconds: rates, lag, drain time, stalled lanes',
      watchSeconds,
    )
    .option('--json', 'print JSON; with --watch one object per line')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(lag);
}

async function lag(options: LagOptions): Promise<void> {
  if (options.watch !== undefined && options.group !== undefined)
    throw new CliError('--watch is about the lanes of this product, so --group cannot be beside it');
  const servers = await findServers(options.name, process.env, ['kafka']);
  const settings = createKafkaConfig(servers, 'orderstream-cli');
  const own = [COMMANDS, EVENTS, STATE, DEAD_LETTERS];
  await namingMissing(settings, own, () =>
    withLagReader(options, async (reader) => {
      if (options.watch !== undefined) await watch(reader, options);
      else show(await reader.read(), servers.kafkaTopicPrefix, options);
    }),
  );
}

function show(lag: Lag, prefix: string, { all = false, json = false }: LagOptions): void {
  if (json) {
    const { lanes = null, halt = null, timers = null, refunds = null } = lag.tables ?? {};
    printJson({ lanes, groups: lag.groups, halt, timers, refunds, nowMs: lag.nowMs });
  } else print(lagText(lag, prefix, all, COMMANDS));
}

/** Prints one line for each reading, until Ctrl-C. */
async function watch(reader: LagReader, { watch: every, json }: LagOptions): Promise<void> {
  const everyMs = (typeof every === 'number' ? every : watchEverySeconds) * 1_000;
  let before: LaneReading | null = null;
  await interruptible(async (signal) => {
    while (!signal.aborted) {
      const lag = await reader.read();
      const reading: LaneReading = { monotonicMs: performance.now(), lanes: lag.tables?.lanes ?? [] };
      const flow: Flow | null = before === null ? null : flowBetween(before, reading);
      print(json ? toJson({ nowMs: lag.nowMs, flow, lanes: reading.lanes }) : watchLine(lag, flow));
      before = reading;
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  });
}

function watchSeconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= watchSecondsMax))
    throw new InvalidArgumentError(`It must be a number of seconds from 0.1 to ${watchSecondsMax}.`);
  return value;
}
