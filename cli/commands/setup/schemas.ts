import { Command } from 'commander';
import { listSchemas, registerSchemas, type SchemaReport } from '../../../services/shared/codec/index.ts';
import { EXIT_FAILURE } from '../../errors.ts';
import { print, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** `orderstream schemas`: a deploy step before the services start, because services only look up schema ids. */
export function schemasCommand(): Command {
  const command = new Command('schemas').description('manage the released schemas (schemas/) in a registry');
  command
    .command('register')
    .description('set the compatibility of each subject and register missing schemas; idempotent')
    .option('--name <instance>', 'local instance whose registry to use', DEFAULT_INSTANCE)
    .action(registerAll);
  command
    .command('list')
    .description('print which released schemas the registry has; exit code 1 if one is missing')
    .option('--name <instance>', 'local instance whose registry to use', DEFAULT_INSTANCE)
    .action(async (options: { name: string }) => {
      const reports = await listSchemas(await registryOf(options.name));
      show(reports);
      if (reports.some(({ state }) => state === 'missing')) process.exitCode = EXIT_FAILURE;
    });
  return command;
}

/** Sets the compatibility of each subject, and registers missing schemas. */
export async function registerAll({ name }: { name: string }): Promise<void> {
  show(await registerSchemas(await registryOf(name)));
}

async function registryOf(name: string): Promise<{ registryUrl: string }> {
  const { schemaRegistryUrl } = await findServers(name, process.env, ['registry']);
  return { registryUrl: schemaRegistryUrl };
}

function show(reports: SchemaReport[]): void {
  const rows = reports.map(({ subject, version, schemaId, compatibility, state }) => [
    subject,
    `v${version}`,
    `id ${schemaId ?? '-'}`,
    compatibility ?? '-',
    state,
  ]);
  print(table([['subject', 'file', 'registry', 'compatibility', 'state'], ...rows]));
}
