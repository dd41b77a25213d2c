import { spawn } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import { withoutPassword } from '../../../services/shared/config/index.ts';
import {
  type ServerStatus,
  type ServiceStatus,
  StackError,
  type StackInfo,
  serviceStatus,
  stackDown,
  stackEnv,
  stackLogs,
  stackReset,
  stackStatus,
  stackUp,
} from '../../../stack/index.ts';
import { EXIT_FAILURE } from '../../errors.ts';
import { interruptible, print, table } from '../../output.ts';

/** `orderstream stack …`: the local servers of one instance. */
export function stackCommand(): Command {
  const command = new Command('stack').description(
    'manage the local servers: Kafka, schema registry, MariaDB, Redis',
  );
  command
    .command('up')
    .description('install missing servers, start all, and wait until each responds')
    .option('--name <name>', 'instance', 'dev')
    .option('--brokers <n>', 'Kafka brokers: 1, or 3 with min.insync.replicas 2', integer)
    .option('--mysql-pool-mb <n>', "the database's buffer pool in MB", integer)
    .action((options) => sentence(() => up(options)));
  command
    .command('down')
    .description('stop every process of the instance and keep the data')
    .option('--name <name>', 'instance', 'dev')
    .action((options) => sentence(() => down(options.name)));
  command
    .command('status')
    .description('show whether each server responds and each service is ready')
    .option('--name <name>', 'instance', 'dev')
    .action((options) => sentence(() => status(options.name)));
  command
    .command('logs')
    .description('print the end of the logs')
    .argument('[server]', 'kafka, registry, mysql, redis or a service')
    .option('--name <name>', 'instance', 'dev')
    .option('-n, --lines <n>', 'number of lines per log', integer, 50)
    .option('-f, --follow', 'print new lines as they arrive')
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
  const info = await interruptible((signal) => stackUp({ ...flags, tell: print, signal }));
  printAddresses(info);
}

/**
 * Prints the addresses as lines for a shell: `KEY=value`. It omits a variable that the shell set, because the value
 * may contain a password.
 */
function printAddresses(info: StackInfo): void {
  for (const [key, value] of Object.entries(stackEnv(info))) {
    print(process.env[key] ? `# ${key} comes from the environment` : `${key}=${value}`);
  }
}

async function down(name: string): Promise<void> {
  const stopped = await stackDown(name);
  for (const [process, how] of stopped) print(`${process}: ${how}`);
  if (stopped.size === 0) print('Nothing was running.');
}

async function status(name: string): Promise<void> {
  const [servers, services] = await Promise.all([stackStatus(name), serviceStatus(name)]);
  print(table([['server', 'state', 'address', 'process', 'problem'], ...servers.map(serverRow)]));
  print('');
  print(table([['service', 'state', 'admin address', 'process', 'problem'], ...services.map(serviceRow)]));
  const isWell = servers.every(({ answers }) => answers) && services.every(isReadyOrOff);
  if (!isWell) process.exitCode = EXIT_FAILURE;
}

function serverRow({ server, answers, address, pids, problem }: ServerStatus): string[] {
  const processes = pids.map((pid) => pid ?? 'none').join(', ');
  const shown = withoutPassword(address);
  return [server, answers ? 'answers' : 'DOWN', shown, processes || 'not ours', problem ?? ''];
}

/** Stopped services are no failure, because `stack up` starts only the servers. */
const isReadyOrOff = ({ readiness }: ServiceStatus): boolean => readiness !== 'not ready';

function serviceRow({ service, readiness, adminUrl, pid, problem }: ServiceStatus): string[] {
  const state = readiness === 'not ready' ? 'NOT READY' : readiness;
  return [service, state, adminUrl, pid === null ? 'none' : String(pid), problem ?? ''];
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
    // `exit` is null after a signal, because the reader of the lines has gone.
    child.once('exit', (exit) => resolve(exit ?? EXIT_FAILURE));
  });
  if (code !== 0) process.exitCode = code;
}

async function reset(name: string): Promise<void> {
  await stackReset(name);
  print(`Instance "${name}" is stopped and its data deleted.`);
}

/**
 * Prints a refusal of the stack as one sentence on stderr and sets exit code 1. Any other error is a bug and keeps
 * its stack trace.
 */
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
    throw new InvalidArgumentError('expected a whole number of at least 1.');
  return value;
}
