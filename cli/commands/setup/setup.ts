import { Command } from 'commander';
import { positiveNumber } from '../../arguments.ts';
import { print } from '../../output.ts';
import { DEFAULT_INSTANCE } from '../../servers.ts';
import { importFile } from './catalogue.ts';
import { migrateTables } from './migrate.ts';
import { registerAll } from './schemas.ts';
import { applyAll } from './topics.ts';

interface SetupOptions {
  name: string;
  replicationFactor?: number;
  catalogue?: string;
}

/** `orderstream setup`: all deploy steps of a release in one command, as a job of Kubernetes runs them. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('the deploy step: register schemas, apply topics, migrate tables; you can run it again')
    .option('--name <instance>', 'local instance to prepare', DEFAULT_INSTANCE)
    .option('--replication-factor <n>', 'replicas of new topics, as in `topics apply`', positiveNumber)
    .option('--catalogue <file>', 'also import the products of this file, - for standard input')
    .action(run);
}

/** In the order of docs/operating.md: workers of the version before continue to run after each step. */
async function run({ catalogue, ...options }: SetupOptions): Promise<void> {
  print('schemas');
  await registerAll(options);
  print('topics');
  await applyAll(options);
  if (process.exitCode !== undefined) return;
  print('tables');
  await migrateTables(options.name, 'up');
  if (catalogue === undefined) return;
  print('catalogue');
  await importFile(catalogue, options);
}
