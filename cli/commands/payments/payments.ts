import { Command } from 'commander';
import type { RowDataPacket } from 'mysql2/promise';
import { amountText } from '../../../services/domain/index.ts';
import { orderId } from '../../arguments.ts';
import { withDatabase } from '../../database.ts';
import { CliError } from '../../errors.ts';
import { print, printJson, table } from '../../output.ts';
import { type OrderMoney, readOrderMoney } from '../../payments/read-money.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** `orderstream payments show ORDER`: the session, the payments and the refunds of one order. */
export function paymentsCommand(): Command {
  const command = new Command('payments').description('show the money of an order');
  command
    .command('show')
    .description('print the payment session, the payments and the refunds of an order')
    .argument('<order>', 'order id; also one that does not exist, for which money came', orderId)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(show);
  return command;
}

async function show(id: string, { name, json }: { name: string; json?: boolean }): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const money = await withDatabase(mysqlUrl, (db) => readOrderMoney(db, id));
  if (money.order === null && money.payments.length === 0)
    throw new CliError(`there is no order and no money of ${id}`);
  if (json === true) printJson(money);
  else print(moneyText(money));
}

function moneyText({ order, session, payments, refunds }: OrderMoney): string {
  const parts = [order === null ? 'there is no such order' : orderText(order)];
  if (session !== null)
    parts.push(
      `session at ${session['provider']} until ${time(session['expires_at_ms'])}: ${session['url']}`,
    );
  const paymentRows = payments.map((row) => [
    `${row['provider']} ${row['provider_payment_id']}`,
    amountOf(row),
    String(row['disposition']),
    time(row['received_at_ms']),
  ]);
  parts.push(
    paymentRows.length === 0
      ? 'no payments'
      : table([['payment', 'amount', 'disposition', 'received'], ...paymentRows]),
  );
  if (refunds.length > 0) parts.push(refundsTable(refunds));
  return parts.join('\n\n');
}

function orderText(row: RowDataPacket): string {
  const amount = (name: string): string =>
    amountText(Number(row[name]), row['currency']) ?? String(row[name]);
  return table([
    ['status', row['status']],
    ['total', amount('total')],
    ['received', amount('received')],
    ['refund pending', amount('refund_pending')],
    ['refunded', amount('refunded')],
  ]);
}

/** A table of refunds; with `order_id` if the rows have it. */
export function refundsTable(rows: readonly RowDataPacket[]): string {
  const withOrder = rows[0]?.['order_id'] !== undefined;
  return table([
    ['refund', ...(withOrder ? ['order'] : []), 'amount', 'status', 'reason', 'tries', 'requested', 'note'],
    ...rows.map((row) => [
      row['refund_id'],
      ...(withOrder ? [row['order_id']] : []),
      amountOf(row),
      row['status'],
      row['reason'],
      Number(row['tries'] ?? 0),
      time(row['requested_at_ms']),
      String(row['failure_code'] ?? row['last_reason'] ?? row['provider_refund_id'] ?? ''),
    ]),
  ]);
}

function amountOf(row: RowDataPacket): string {
  return amountText(Number(row['amount']), row['currency']) ?? `${row['amount']} ${row['currency']}`;
}

function time(ms: unknown): string {
  return new Date(Number(ms)).toISOString();
}
