import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as common from '../services/shared/config/common.ts';
import { type Field, flagTable } from '../services/shared/config/index.ts';
import { errorTable } from '../services/shared/errors/index.ts';
import { type MetricSpec, metricPrefix, metricTable, open } from '../services/shared/metrics/index.ts';
import { serviceProcesses } from '../stack/services.ts';
import { findingsPage, problemsPage, reasonsPage, webhookBodiesPage } from './docs/code-pages.ts';
import { page, table } from './docs/page.ts';
import { fieldsIn, fieldsOfService } from './docs/service-settings.ts';

/** Writes the reference pages from the tables in the code. With `--check` it only names outdated pages. */
async function main(check: boolean): Promise<number> {
  const pages = {
    'errors.md': errorsPage(),
    'metrics.md': metricsPage(),
    'configuration.md': await configurationPage(),
    'problems.md': problemsPage(),
    'reasons.md': reasonsPage(),
    'findings.md': findingsPage(),
    'webhook-bodies.md': webhookBodiesPage(),
  };
  let stale = 0;
  for (const [name, text] of Object.entries(pages)) {
    const path = join(root, 'docs', name);
    if (currentText(path) === text) continue;
    stale++;
    if (check) console.error(`docs/${name} is outdated: run \`npm run gen\``);
    else writeFileSync(path, text);
  }
  return check && stale > 0 ? 1 : 0;
}

const root = join(import.meta.dirname, '..');
const services = new Set(
  serviceProcesses.flatMap(({ entry }) => /^services\/([a-z-]+)\//.exec(entry)?.[1] ?? []),
);

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, row]) => [
    `\`${code}\``,
    row.disposition,
    row.template,
  ]);
  return page('Errors', 'services/shared/errors/table.ts', [
    'The disposition says what happens to the failed work. The actual case replaces `{name}`.',
    '- `reject`: the caller gets an error with a reason.\n- `retry`: the process waits and tries the same work again.\n- `deadLetter`: the record becomes a dead letter with its bytes.\n- `fatal`: the process ends, so that its supervisor starts a new one.',
    table(['code', 'disposition', 'message'], rows),
  ]);
}

/** Such as `result` (ok, failed); only the name if the values are not known before the process runs. */
function labelsText(labels: MetricSpec['labels']): string {
  return Object.entries(labels)
    .map(([label, values]) => (values === open ? `\`${label}\`` : `\`${label}\` (${values.join(', ')})`))
    .join(', ');
}

function metricsPage(): string {
  const rows = Object.entries(metricTable).map(([name, spec]) => [
    `\`${metricPrefix}${name}\``,
    spec.type,
    labelsText(spec.labels),
    spec.help,
  ]);
  return page('Metrics', 'services/shared/metrics/tables/', [
    'Each service serves its metrics on its admin port at `/metrics`. Every series has the label `service` besides its own labels. Node’s own metrics (event loop lag, heap, garbage collection) are included. Names end with the unit. Names of counters end in `_total`. Values in parentheses are all values of a label; each such counter starts at 0.',
    table(['metric', 'type', 'labels', 'meaning'], rows),
  ]);
}

async function configurationPage(): Promise<string> {
  const sections: [string, Field<unknown>[]][] = [
    ['Shared by several services', Object.values(common).flatMap(fieldsIn)],
  ];
  for (const service of services) {
    sections.push([`Only ${service}`, await fieldsOfService(service)]);
  }
  const documented = new Set<string>();
  const parts = sections.flatMap(([title, fields]) => {
    const own = fields.filter((field) => !documented.has(field.env));
    for (const field of own) documented.add(field.env);
    const rows = own.map((field) => [`\`${field.env}\``, kindText(field), shownDefault(field), field.help]);
    return own.length === 0
      ? []
      : [`## ${title}\n\n${table(['variable', 'kind', 'default', 'meaning'], rows)}`];
  });
  const flagRows = Object.entries(flagTable).map(([name, { owner, expires, whenOff }]) => [
    `\`${name}\``,
    owner,
    expires,
    whenOff,
  ]);
  return page('Configuration', 'services/shared/config/common.ts and services/*/config.ts', [
    'Each process reads its environment at the start. It reports all problems together and then exits with 1. An empty variable counts as unset. The units of durations are `ms`, `s`, `m`, `h` and `d`.',
    'A **secret** and a **URL** can also come from a file: `TICKET_SECRET_FILE` names the file with the text of `TICKET_SECRET`. Line ends at its end are ignored. It is an error to set both.',
    'A setting whose kind ends in **live** changes without a restart. Change `CONFIG_FILE`, or the file of the secret. A process reads them every `CONFIG_POLL` and uses the new values at once. `live login` means that only user and password of the URL may change. After an error the process keeps the last good values, logs the problems, and sets `config_reload_ok` to 0. Other changed settings are logged, and wait for a restart.',
    'CONFIG_FILE goes before the environment. It holds no secret. Its sections are `all` (settings that every service has), `flags`, and one for each service:\n\n```json\n{\n  "all": { "LOG_LEVEL": "debug" },\n  "ingestion": { "RATE_ORDERS_PER_SECOND": 800 },\n  "flags": { "batch": "off" }\n}\n```',
    `## Flags\n\nA flag switches a part of the product off. After its date, a process that starts logs a warning.\n\n${table(['flag', 'owner', 'expires', 'while it is off'], flagRows)}`,
    ...parts,
  ]);
}

/** Such as `integer, live`. A live URL changes in its login only. */
function kindText({ kind, live, fromFile, secret }: Field<unknown>): string {
  const suffix = !live ? '' : fromFile && !secret ? ', live login' : ', live';
  return `${kind.replaceAll('|', '\\|')}${suffix}`;
}

function shownDefault({ defaultText }: Field<unknown>): string {
  if (defaultText === undefined) return 'must be set';
  return defaultText === '' ? '' : `\`${defaultText}\``;
}

function currentText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

process.exitCode = await main(process.argv.includes('--check'));
