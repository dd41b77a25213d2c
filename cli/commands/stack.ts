import { spawn } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import {
  StackError,
  type StackInfo,
  stackDown,
  stackEnv,
  stackLogs,
  stackReset,
  stackStatus,
  stackUp,
} from '../../stack/index.ts';

/** `orderstream stack …`: the local servers of one instance. */
export function stackCommand(): Command {
  const command = new Command('stack').description(
    'the local servers: Kafka, schema registry, MariaDB, Redis',
  );
  command
    .command('up')
    .description('fetch what is missing, start the servers and wait until each answers')
    .option('--name <name>', 'instance', 'dev')
    .option('--brokers <n>', 'Kafka brokers: 1, or 3 with min.insync.replicas 2', integer)
    .option('--mysql-pool-mb <n>', "the database's buffer pool in MB", integer)
    .action((options) => sentence(() => up(options)));
  command
    .command('down')
    .description('stop every process of the instance; the data stays')
    .option('--name <name>', 'instance', 'dev')
    .action((options) => sentence(() => down(options.name)));
  command
    .command('status')
    .description('ask each server')
    .option('--name <name>', 'instance', 'dev')
    .action((options) => sentence(() => status(options.name)));
  command
    .command('logs')
    .description('print the end of the logs')
    .argument('[server]', 'kafka, registry, mysql, redis or a service')
    .option('--name <name>', 'instance', 'dev')
    .option('-n, --lines <n>', 'lines of each log', integer, 50)
    .option('-f, --follow', 'go on printing')
    .action((server, options) => sentence(() => logs(server, options)));
  command
    .command('reset')
    .description('stop the instance and delete its data')
    .option('--name <name>', 'instance', 'dev')
    .action((options) => sentence(() => reset(options.name)));
  return command;
}

interface UpFlags {
  name: string;
  brokers?: number;
  mysqlPoolMb?: number;
}

async function up(flags: UpFlags): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const info = await stackUp({ ...flags, tell: (line) => console.log(line), signal: interrupt.signal });
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  printAddresses(info);
}

/** The addresses as lines that a shell can read: `KEY=value`. */
function printAddresses(info: StackInfo): void {
  for (const [key, value] of Object.entries(stackEnv(info))) console.log(`${key}=${value}`);
}

async function down(name: string): Promise<void> {
  const stopped = await stackDown(name);
  for (const [process, how] of stopped) console.log(`${process}: ${how}`);
  if (stopped.size === 0) console.log('Nothing was running.');
}

async function status(name: string): Promise<void> {
  const rows = await stackStatus(name);
  for (const row of rows) {
    const pids = row.pids.map((pid) => pid ?? 'none').join(', ');
    const where = row.pids.length > 0 ? `pid ${pids}` : 'not ours';
    console.log(
      `${row.server.padEnd(9)} ${row.answers ? 'answers' : 'DOWN   '}  ${row.address}  (${where})${row.problem ? `  ${row.problem}` : ''}`,
    );
  }
  if (rows.some((row) => !row.answers)) process.exitCode = 1;
}

async function logs(
  server: string | undefined,
  options: { name: string; lines: number; follow?: boolean },
): Promise<void> {
  const files = stackLogs(options.name, server);
  const args = ['-n', String(options.lines), ...(options.follow ? ['-F'] : []), ...files];
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn('tail', args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (exit) => resolve(exit ?? 0));
  });
  process.exitCode = code;
}

async function reset(name: string): Promise<void> {
  await stackReset(name);
  console.log(`Instance "${name}" is stopped and its data deleted.`);
}

/** A refusal of the stack is one sentence on stderr and exit code 1; anything else is a fault of ours and keeps its trace. */
async function sentence(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number from 1 is needed');
  return value;
}
