import { Command } from 'commander';
import { createAdmin, createKafkaConfig, type KafkaAdmin } from '../../../services/shared/kafka/index.ts';
import { applyTopics, changesOf, type PlanStep, planCluster, refusedOf } from '../../../topics/index.ts';
import { positiveNumber } from '../../arguments.ts';
import { EXIT_FAILURE, EXIT_USAGE } from '../../errors.ts';
import { print, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** The exit code of a pending plan, so that a pipeline can stop on it. */
const EXIT_PENDING = EXIT_USAGE;
/**
 * Replicas of a topic on every cluster except a single broker. If one of three brokers is down, the creation fails
 * and does not use two replicas.
 */
const REPLICAS_WANTED = 3;

export interface TopicsOptions {
  name: string;
  replicationFactor?: number;
}

/** `orderstream topics`: shows how a cluster differs from the catalogue, and applies the changes. */
export function topicsCommand(): Command {
  const command = new Command('topics').description(
    'manage the topics of the catalogue (topics/catalogue.ts) on a cluster',
  );
  const subcommands = [
    command
      .command('plan')
      .description('print the changes; exit code 0: none, 2: changes are pending, 1: a change is refused')
      .action((options: TopicsOptions) =>
        withPlan(options, async (_admin, plan, prefix) => showPlan(plan, prefix)),
      ),
    command
      .command('apply')
      .description(
        'create missing topics and raise settings that are too low; never shrinks, moves keys or deletes. Exit code 1: a change is refused, and all others are applied',
      )
      .action(applyAll),
  ];
  for (const subcommand of subcommands) {
    subcommand
      .option('--name <instance>', 'local instance whose Kafka to use', DEFAULT_INSTANCE)
      .option(
        '--replication-factor <n>',
        `replicas of new topics (default: ${REPLICAS_WANTED}, on a single broker 1)`,
        positiveNumber,
      );
  }
  return command;
}

/** Creates missing topics and raises settings. Sets exit code 1 if a change is refused. */
export function applyAll(options: TopicsOptions): Promise<void> {
  return withPlan(options, apply);
}

async function withPlan(
  options: TopicsOptions,
  use: (admin: KafkaAdmin, plan: PlanStep[], prefix: string) => Promise<void>,
): Promise<void> {
  const config = await findServers(options.name, process.env, ['kafka']);
  const admin = createAdmin(createKafkaConfig(config, 'orderstream-cli'));
  try {
    const replicationFactor = options.replicationFactor ?? ((await admin.ping()) === 1 ? 1 : REPLICAS_WANTED);
    await use(admin, await planCluster(admin, { replicationFactor }), config.kafkaTopicPrefix);
  } finally {
    await admin.close();
  }
}

function showPlan(plan: PlanStep[], prefix: string): void {
  print(table(plan.map(({ topic, action, detail }) => [prefix + topic, action, detail])));
  const changes = changesOf(plan).length;
  const refused = refusedOf(plan).length;
  if (changes === 0 && refused === 0) print('no changes');
  else print(`${changes} to change, ${refused} refused`);
  if (refused > 0) process.exitCode = EXIT_FAILURE;
  else if (changes > 0) process.exitCode = EXIT_PENDING;
}

async function apply(admin: KafkaAdmin, plan: PlanStep[], prefix: string): Promise<void> {
  const done = await applyTopics(admin, plan, ({ topic, action, detail }) =>
    print(`${prefix}${topic}  ${action}  ${detail}`),
  );
  if (done.length === 0) print('no changes');
}
