import { Command, Option } from 'commander';
import type { RowDataPacket } from 'mysql2/promise';
import { type AuditDetails, recordAudit } from '../../../services/shared/audit/index.ts';
import { recordRefundCommand } from '../../../services/shared/payment-provider/index.ts';
import { positiveNumber, refundId } from '../../arguments.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { CliError, usageError } from '../../errors.ts';
import { auditTargetOf, currentOperator, operatorActor } from '../../operator.ts';
import { print, printJson } from '../../output.ts';
import { readRefund, readRefunds } from '../../payments/read-money.ts';
import { retryRefundCommand } from '../../payments/refund-commands.ts';
import { sendCommand } from '../../payments/send-command.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { refundsTable } from './payments.ts';

const listedDefault = 100;
const referenceForm = /^[\x21-\x7e]{1,100}$/;

/** `orderstream refunds list|retry|settle`: refunds, and two ways on for one that failed. */
export function refundsCommand(): Command {
  return new Command('refunds')
    .description('list refunds, retry a failed one, or record one that was paid by hand')
    .addCommand(listCommand())
    .addCommand(retryCommand())
    .addCommand(settleCommand());
}

function listCommand(): Command {
  return withName(new Command('list'))
    .description('print refunds, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(['REQUESTED', 'SUCCEEDED', 'FAILED']))
    .option('--limit <count>', 'at most so many', positiveNumber, listedDefault)
    .option('--json', 'print JSON')
    .action(async (options: { name: string; status?: string; limit: number; json?: boolean }) => {
      const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
      const filter = { status: options.status ?? null, limit: options.limit };
      const rows = await withDatabase(mysqlUrl, (db) => readRefunds(db, filter));
      if (options.json === true) printJson(rows);
      else print(rows.length === 0 ? 'no refunds' : refundsTable(rows));
    });
}

function retryCommand(): Command {
  return withName(new Command('retry'))
    .description('request a failed refund again; the new refund names the old one')
    .argument('<refund>', 'id of the failed refund', refundId)
    .action(async (id: string, { name }: { name: string }) => {
      const row = await refundOf(name, id);
      if (row['status'] !== 'FAILED') throw new CliError(`the refund is ${row['status']}, not FAILED`);
      await audit(name, 'refund.retried', id, detailsOf(row));
      const { partition, offset } = await sendCommand(
        name,
        retryRefundCommand(id, row['order_id'], operatorActor()),
      );
      print(
        `requested at ${partition}-${offset}; \`orderstream payments show ${row['order_id']}\` shows the result`,
      );
    });
}

function settleCommand(): Command {
  return withName(new Command('settle'))
    .description('record that a refund was paid by hand, which the provider can never pay')
    .argument('<refund>', 'id of a refund that is REQUESTED or FAILED', refundId)
    .requiredOption('--reference <text>', 'reference of the bank transfer')
    .action(async (id: string, { name, reference }: { name: string; reference: string }) => {
      if (!referenceForm.test(reference))
        throw usageError('--reference must be 1 to 100 visible ASCII characters');
      const row = await refundOf(name, id);
      if (row['status'] === 'SUCCEEDED') throw new CliError('the refund has succeeded already');
      const command = recordRefundCommand(
        {
          ...{ provider: 'manual', orderId: row['order_id'], refundId: id, providerRefundId: reference },
          ...{ providerEventId: reference, succeeded: true, failureCode: null },
          ...{ amount: Number(row['amount']), currency: row['currency'] },
        },
        Date.now(),
      );
      await audit(name, 'refund.settled', id, { ...detailsOf(row), reference });
      const { partition, offset } = await sendCommand(name, { ...command, actor: operatorActor() });
      print(
        `recorded at ${partition}-${offset}; \`orderstream payments show ${row['order_id']}\` shows the result`,
      );
      const warning = calledBefore(row);
      if (warning !== null) print(warning);
    });
}

/** The row comes before the command. So no command is in the log without its row, also if the answer of the broker is lost. */
async function audit(
  name: string,
  action: 'refund.retried' | 'refund.settled',
  subjectId: string,
  details: AuditDetails,
): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) =>
    recordAudit(
      auditTargetOf(db),
      currentOperator(),
      [{ action, subjectId, details }],
      await databaseNowMs(db),
    ),
  );
}

function detailsOf(row: RowDataPacket): AuditDetails {
  return { orderId: row['order_id'], amount: Number(row['amount']), currency: row['currency'] };
}

/** A call may have paid the refund although nobody has its answer. Null if there was no call, or its result is known. */
function calledBefore(row: RowDataPacket): string | null {
  const tries = Number(row['tries'] ?? 0);
  if (row['status'] !== 'REQUESTED' || tries === 0) return null;
  const calls = `${tries} ${tries === 1 ? 'call' : 'calls'}`;
  return `the provider may have paid it too: there ${tries === 1 ? 'was' : 'were'} ${calls} without a result. Compare with its own list of refunds`;
}

async function refundOf(name: string, id: string): Promise<RowDataPacket> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const row = await withDatabase(mysqlUrl, (db) => readRefund(db, id));
  if (row === null) throw new CliError(`there is no refund ${id}`);
  return row;
}

function withName(command: Command): Command {
  return command.option('--name <instance>', 'local instance', DEFAULT_INSTANCE);
}
