#!/usr/bin/env node
/**
 * The command line `orderstream`: registers the commands, and turns every failure into one sentence and an
 * exit code.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { loadCommands } from './commands.ts';
import { describeFailure, EXIT_USAGE } from './errors.ts';
import { endWhenOutputIsLost } from './output.ts';

const EXIT_CODES = `
Exit codes: 0 done; 1 not done, or a check found a difference; 2 wrong usage or input, or a plan is pending.
Servers come from KAFKA_BROKERS, SCHEMA_REGISTRY_URL, MYSQL_URL, REDIS_URL and ORDERSTREAM_URL if these are set,
otherwise from the local instance that --name names (dev). ORDERSTREAM_TOKEN is used instead of a local token. Add --debug to see the origin of a failure.`;

const program = new Command('orderstream')
  .description('place, follow and check orders; manage topics, tables and local servers')
  .version(version())
  .option('--debug', 'print the stack trace of a failure')
  .addHelpText('after', EXIT_CODES);

for (const command of await loadCommands(process.argv.slice(2))) program.addCommand(command);
throwInsteadOfExit(program);

endWhenOutputIsLost();

try {
  if (process.argv.length <= 2) {
    process.stderr.write(program.helpInformation());
    process.exitCode = EXIT_USAGE;
  } else {
    await program.parseAsync();
  }
} catch (error) {
  const { text, exitCode } = describeFailure(error, process.argv.includes('--debug'));
  process.stderr.write(text);
  process.exitCode = exitCode;
}

/** The one version of the product, its API and its documents. */
function version(): string {
  const file = path.join(import.meta.dirname, '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Commander would exit with code 1 after a usage mistake. This product uses 2, see `errors.ts`. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
