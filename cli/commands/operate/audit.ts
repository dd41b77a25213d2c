import { Command, Option } from 'commander';
import { auditActions } from '../../../services/shared/audit/index.ts';
import { pointInTime, positiveNumber } from '../../arguments.ts';
import { type AuditFilter, type AuditLine, readAudit } from '../../audit/read-audit.ts';
import { withDatabase } from '../../database.ts';
import { print, printJson, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

const LISTED_MAX = 100;

interface ListOptions {
  name: string;
  subject?: string;
  action?: string;
  actor?: string;
  since?: number;
  until?: number;
  max: number;
  json?: boolean;
}

/** `orderstream audit list`: who changed endpoints, secrets, prices, findings and dead letters. */
export function auditCommand(): Command {
  const command = new Command('audit').description(
    'show who changed what, when and from where: orders, stock, prices, secrets, findings, personal data and more',
  );
  command
    .command('list')
    .description('print the audit log, newest first')
    .option(
      '--subject <subject>',
      'only this subject, for example endpoint:we_1 or product:SKU-1, or a kind such as finding',
    )
    .addOption(new Option('--action <action>', 'only this action').choices(Object.keys(auditActions)))
    .option('--actor <name>', 'only changes by this user, customer or service')
    .option('--since <time>', 'at or after this time: ISO 8601, or a time before now such as 2h', pointInTime)
    .option('--until <time>', 'at or before this time', pointInTime)
    .option('--max <n>', 'print at most this many', positiveNumber, LISTED_MAX)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(listAudit);
  return command;
}

async function listAudit(options: ListOptions): Promise<void> {
  const { subject, action, actor, since: sinceMs, until: untilMs, max } = options;
  const filter: AuditFilter = { subject, action, actor, sinceMs, untilMs };
  const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
  const { entries, more } = await withDatabase(mysqlUrl, (db) => readAudit(db, filter, max));
  if (options.json) {
    printJson({ entries, more });
    return;
  }
  print(entries.length === 0 ? 'no entries' : table([head, ...entries.map(cellsOf)]));
  if (more) print(`there are more entries than these ${max}: see --max, --since and --subject`);
}

const head = ['time', 'who', 'from', 'action', 'subject', 'details', 'trace'];

function cellsOf({ at, actorKind, actor, origin, action, subject, details, traceId }: AuditLine): string[] {
  const who = `${actorKind.toLowerCase()} ${actor}`;
  return [at, who, origin || '-', action, subject, detailsText(details), traceId ?? ''];
}

function detailsText(details: Record<string, unknown>): string {
  const members = Object.entries(details);
  const shown = members.map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return shown.length === 0 ? '-' : shown.join(' ');
}
