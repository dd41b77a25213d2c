import { Command } from 'commander';
import { loadConfig, secretList } from '../../../services/shared/config/index.ts';
import { createSecretBox, makeKey } from '../../../services/shared/secrets/index.ts';
import { withDatabase } from '../../database.ts';
import { usageError } from '../../errors.ts';
import { localServers, readInstance } from '../../local-instance.ts';
import { count, print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers, withLocal } from '../../servers.ts';
import { endpointCommands } from '../../webhooks/endpoint-commands.ts';
import { type Reencrypted, reencrypt } from '../../webhooks/reencrypt.ts';

const KEY_ID = /^[a-z0-9][a-z0-9-]{0,15}$/;

interface ReencryptOptions {
  name: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `orderstream webhooks`: manages the keys of the webhook secrets in the database, and endpoints over the API. */
export function webhooksCommand(): Command {
  const command = new Command('webhooks').description(
    'manage webhook endpoints, and the keys that encrypt their secrets',
  );
  command
    .command('new-key')
    .description('print a new key for WEBHOOK_SECRET_KEYS without storing it')
    .argument('<id>', 'name of the key, for example 2026-11')
    .action((id: string) => {
      if (!KEY_ID.test(id)) throw usageError('a key id is 1 to 16 lower-case letters, digits and dashes');
      print(makeKey(id));
    });
  command
    .command('reencrypt')
    .description('encrypt every webhook secret with the first key of WEBHOOK_SECRET_KEYS')
    .option('--dry-run', 'change nothing; print the pending changes')
    .option('--json', 'print the counts as JSON')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(reencryptAll);
  for (const child of endpointCommands()) command.addCommand(child);
  return command;
}

async function reencryptAll({ name, dryRun = false, json }: ReencryptOptions): Promise<void> {
  const box = createSecretBox(keysOf(name));
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const result = await withDatabase(mysqlUrl, (db) => reencrypt(db, box, dryRun));
  if (json) printJson(result);
  else print(textOf(result, dryRun));
  if (result.unreadable.length > 0) process.exitCode = 1;
}

function keysOf(name: string): readonly string[] {
  const keys = secretList('WEBHOOK_SECRET_KEYS');
  return loadConfig(
    withLocal(process.env, keys, () => localKeysOf(name)),
    { keys },
  ).keys;
}

function localKeysOf(name: string): string | undefined {
  if (readInstance(name) === null) return undefined;
  const { instanceDir, localSecretKeys } = localServers();
  return localSecretKeys(instanceDir(name));
}

const NAMED_MAX = 20;

function textOf({ changed, unchanged, unreadable }: Reencrypted, dryRun: boolean): string {
  const verb = dryRun ? 'would be encrypted' : 'encrypted';
  const lines = [
    `${count(changed)} endpoints ${verb} with the newest key, ${count(unchanged)} have it already`,
  ];
  if (unreadable.length > 0) {
    lines.push(
      `${count(unreadable.length)} cannot be decrypted with these keys: ${unreadable.slice(0, NAMED_MAX).join(', ')}`,
    );
  }
  return lines.join('\n');
}
