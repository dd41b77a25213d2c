import { Command, Option } from 'commander';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { findingKinds } from '../../services/reconciliation/index.ts';
import { type AuditEntry, recordAudit } from '../../services/shared/audit/index.ts';
import { positiveNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import { print, printJson, table } from '../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../servers.ts';

interface FindingRow extends RowDataPacket {
  finding_id: number;
  kind: string;
  subject: string;
  expected: string | null;
  actual: string | null;
  remedy: string;
  status: string;
  note: string | null;
  first_seen_at_ms: number;
  last_seen_at_ms: number;
  closed_at_ms: number | null;
}

const noteCharsMax = 300;
const columns =
  'finding_id, kind, subject, expected, actual, remedy, status, note, first_seen_at_ms, last_seen_at_ms, closed_at_ms';

/** `orderstream findings list|show|resolve`: what reconciliation has found. */
export function findingsCommand(): Command {
  return new Command('findings')
    .description('list, show and resolve the differences that reconciliation has found')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(resolveCommand());
}

function listCommand(): Command {
  return withName(new Command('list'))
    .description('the differences that stand; exit code 1 when there are any')
    .option('--all', 'closed and resolved ones too')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(findingKinds))
    .option('--limit <count>', 'at most so many, newest first', positiveNumber, 100)
    .option('--json', 'print them as JSON')
    .action(
      async (options: { name: string; all?: boolean; kind?: string; limit: number; json?: boolean }) => {
        const rows = await query(
          options.name,
          `SELECT ${columns} FROM reconciliation_findings
         WHERE (? OR status = 'OPEN') AND (? IS NULL OR kind = ?) ORDER BY last_seen_at_ms DESC, finding_id DESC LIMIT ?`,
          [options.all === true, options.kind ?? null, options.kind ?? null, options.limit + 1],
        );
        const shown = rows.slice(0, options.limit);
        if (options.json) printJson(shown);
        else print(shown.length === 0 ? 'no findings' : listText(shown, rows.length > shown.length));
        if (rows.some((row) => row.status === 'OPEN')) process.exitCode = 1;
      },
    );
}

function showCommand(): Command {
  return withName(new Command('show'))
    .description('one finding: both values, since when, and how to mend it')
    .argument('<id>', 'number of the finding', positiveNumber)
    .option('--json', 'print it as JSON')
    .action(async (id: number, options: { name: string; json?: boolean }) => {
      const [row] = await query(
        options.name,
        `SELECT ${columns} FROM reconciliation_findings WHERE finding_id = ?`,
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
    .description('mark findings as dealt with; one that still stands is opened again by the next round')
    .argument('<id...>', 'numbers of the findings', positiveNumbers, [])
    .option('--note <text>', 'what was done about it', '')
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

/** False where the finding is not open. The change and its audit row are one transaction. */
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

function listText(rows: readonly FindingRow[], areMore: boolean): string {
  const text = table([
    ['id', 'kind', 'subject', 'status', 'first seen', 'last seen'],
    ...rows.map((row) => [
      String(row.finding_id),
      row.kind,
      row.subject,
      row.status,
      timeText(row.first_seen_at_ms),
      timeText(row.last_seen_at_ms),
    ]),
  ]);
  const hints = ['`orderstream findings show ID` tells both values and how to mend it'];
  if (areMore) hints.unshift(`there are more than these ${rows.length}: see --limit and --kind`);
  return [text, ...hints].join('\n');
}

function timeText(ms: number): string {
  return new Date(Number(ms)).toISOString();
}
