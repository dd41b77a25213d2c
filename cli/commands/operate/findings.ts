import { Command, Option } from 'commander';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { findingKinds } from '../../../services/reconciliation/index.ts';
import { type AuditEntry, recordAudit } from '../../../services/shared/audit/index.ts';
import { positiveNumber } from '../../arguments.ts';
import { withDatabase } from '../../database.ts';
import { CliError } from '../../errors.ts';
import {
  type FindingRow,
  findingColumns,
  type KindCount,
  readFindings,
} from '../../findings/read-findings.ts';
import { auditTargetOf, currentOperator } from '../../operator.ts';
import { count, print, printJson, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

const noteCharsMax = 300;
/** Number of findings that the text lists by default. */
const listedDefault = 100;

/** `orderstream findings list|show|resolve`: the findings of reconciliation. */
export function findingsCommand(): Command {
  return new Command('findings')
    .description('list, show and resolve the findings of reconciliation')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(resolveCommand());
}

interface ListOptions {
  name: string;
  all?: boolean;
  kind?: string;
  limit?: number;
  json?: boolean;
}

function listCommand(): Command {
  return withName(new Command('list'))
    .description('print counts by kind, then the findings; exit code 1 if any is open')
    .option('--all', 'include closed and resolved findings')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(findingKinds))
    .option(
      '--limit <count>',
      `newest first; ${listedDefault} as text and all as JSON by default`,
      positiveNumber,
    )
    .option('--json', 'print all of them as JSON')
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
  const limit = options.limit ?? (options.json ? Number.MAX_SAFE_INTEGER : listedDefault);
  const { counts, rows } = await withDatabase(mysqlUrl, (db) => readFindings(db, options, limit));
  if (options.json) printJson(rows);
  else print(listText(counts, rows));
  if (counts.some(({ status }) => status === 'OPEN')) process.exitCode = 1;
}

function showCommand(): Command {
  return withName(new Command('show'))
    .description('show one finding: both values, its age, and how to fix it')
    .argument('<id>', 'id of the finding', positiveNumber)
    .option('--json', 'print JSON')
    .action(async (id: number, options: { name: string; json?: boolean }) => {
      const [row] = await query(
        options.name,
        `SELECT ${findingColumns} FROM reconciliation_findings WHERE finding_id = ?`,
        [id],
      );
      if (row === undefined) throw new CliError(`there is no finding ${id}`);
      if (options.json) return printJson(row);
      const lines: [string, string][] = [
        ['finding', `${row.finding_id} ${row.kind} ${row.subject}`],
        ['status', row.note === null ? row.status : `${row.status} (${row.note})`],
        ['expected', row.expected ?? ''],
        ['actual', row.actual ?? ''],
        ['first seen', timeText(row.first_seen_at_ms)],
        ['last seen', timeText(row.last_seen_at_ms)],
        ['closed', row.closed_at_ms === null ? '' : timeText(row.closed_at_ms)],
        ['remedy', row.remedy],
      ];
      print(table(lines));
    });
}

function resolveCommand(): Command {
  return withName(new Command('resolve'))
    .description('mark findings as resolved; the next check reopens one whose difference still exists')
    .argument('<id...>', 'ids of the findings', positiveNumbers, [])
    .option('--note <text>', 'what you did about it', '')
    .action(async (ids: number[], options: { name: string; note: string }) => {
      const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
      await withDatabase(mysqlUrl, async (db) => {
        for (const id of ids) {
          if (!(await resolveFinding(db, id, options.note.slice(0, noteCharsMax))))
            throw new CliError(`finding ${id} is not open`);
          print(`finding ${id} is resolved`);
        }
      });
    });
}

/** False if the finding is not open. The change and its audit row are one transaction. */
async function resolveFinding(db: Connection, id: number, note: string): Promise<boolean> {
  const nowMs = Date.now();
  await db.beginTransaction();
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE reconciliation_findings SET status = 'RESOLVED', note = ?, closed_at_ms = ?
     WHERE finding_id = ? AND status = 'OPEN'`,
    [note, nowMs, id],
  );
  const isOpen = result.affectedRows === 1;
  if (isOpen) {
    const [rows] = await db.query<FindingRow[]>(
      'SELECT kind, subject FROM reconciliation_findings WHERE finding_id = ?',
      [id],
    );
    const details = { kind: rows[0]?.kind, subject: rows[0]?.subject, note };
    const entry: AuditEntry = { action: 'finding.resolved', subjectId: String(id), details };
    await recordAudit(auditTargetOf(db), currentOperator(), [entry], nowMs);
  }
  await db.commit();
  return isOpen;
}

function positiveNumbers(text: string, before: number[]): number[] {
  return [...before, positiveNumber(text)];
}

function withName(command: Command): Command {
  return command.option('--name <instance>', 'local instance', DEFAULT_INSTANCE);
}

async function query(name: string, sql: string, params: unknown[]): Promise<FindingRow[]> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  return withDatabase(mysqlUrl, async (db) => (await db.query<FindingRow[]>(sql, params))[0]);
}

function listText(counts: readonly KindCount[], rows: readonly FindingRow[]): string {
  if (counts.length === 0) return 'no findings';
  const total = counts.reduce((sum, { found }) => sum + found, 0);
  const parts = [
    table([['kind', 'status', 'count'], ...counts.map(({ kind, status, found }) => [kind, status, found])]),
    table([
      ['id', 'kind', 'subject', 'status', 'first seen', 'last seen'],
      ...rows.map((row) => [
        String(row.finding_id),
        row.kind,
        row.subject,
        row.status,
        timeText(row.first_seen_at_ms),
        timeText(row.last_seen_at_ms),
      ]),
    ]),
  ];
  const hints = rows
    .filter(({ kind, status }) => kind === 'FINDINGS_UNLISTED' && status === 'OPEN')
    .map(({ subject, actual }) => `beyond those in the table, of ${subject}: ${actual}`);
  if (total > rows.length)
    hints.push(`these are the newest ${rows.length} of ${count(total)}: see --limit, --kind and --json`);
  hints.push('`orderstream findings show ID` prints both values and how to fix it');
  return [...parts, hints.join('\n')].join('\n\n');
}

function timeText(ms: number): string {
  return new Date(Number(ms)).toISOString();
}
