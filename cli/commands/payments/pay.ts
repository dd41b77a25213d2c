import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { amountText } from '../../../services/domain/index.ts';
import { orderId, positiveNumber } from '../../arguments.ts';
import { createOrderstreamClient, type Order, type OrderstreamClient } from '../../client/index.ts';
import { CliError, usageError } from '../../errors.ts';
import { createOrderApi, type OrderApi } from '../../orders/order-api.ts';
import { customerOf } from '../../orders/owner.ts';
import { readOrder } from '../../orders/read-order.ts';
import { print } from '../../output.ts';
import { openSession, type PagePayment, payOnPage, transfer } from '../../payments/local-provider.ts';
import { apiUrl, DEFAULT_INSTANCE } from '../../servers.ts';
import { createTokens } from '../../tokens.ts';

interface PayOptions {
  name: string;
  customer?: string;
  key?: string;
  amount?: number;
  twice?: boolean;
  late?: boolean;
  result: 'paid' | 'declined' | 'failed';
}

const waitSeconds = 10;
const pollMs = 100;

/** `orderstream pay ORDER`: pays an order at the local provider, as its customer does on the page. */
export function payCommand(): Command {
  return new Command('pay')
    .description('pay an order at the payment provider of a local run')
    .argument('[order]', 'order id', orderId)
    .option('--customer <id>', 'with --key, in place of the order id: the customer of the order')
    .option('--key <key>', 'the idempotency key of the order')
    .option('--amount <minor>', 'another amount than the total, in minor units', positiveNumber)
    .option('--twice', 'the provider captures the payment two times')
    .option('--late', 'a transfer without a session, which also comes after the order has ended')
    .addOption(
      new Option('--result <result>', 'what happens on the page')
        .choices(['paid', 'declined', 'failed'])
        .default('paid'),
    )
    .option('--name <instance>', 'local instance', DEFAULT_INSTANCE)
    .action(pay);
}

async function pay(given: string | undefined, options: PayOptions): Promise<void> {
  const { name, late = false, customer, key } = options;
  const isByKey = customer !== undefined && key !== undefined;
  if (isByKey === (given !== undefined) || (customer === undefined) !== (key === undefined))
    throw usageError('name the order by its id, or by --customer and --key');
  const customerId = isByKey ? customer : await customerOf(given!, name);
  const tokenFor = await createTokens(name, process.env);
  const baseUrl = apiUrl(name, process.env);
  const api = createOrderApi({ baseUrl, tokenFor });
  const client = createOrderstreamClient({ baseUrl, token: () => tokenFor(customerId) });
  const id = isByKey ? await orderOfKey(client, customer, key) : given!;
  const order = await readOrder(api, customerId, id);
  const payments = late
    ? await transferTwice(order, options)
    : await payOnPage(await openSession(client, id), pageOf(options));
  const { currency } = order as { currency?: string };
  const amount = options.amount ?? totalOf(order);
  print(
    `${options.result}: ${amountText(amount, currency ?? '') ?? amount}${payments.map((each) => ` ${each}`).join('')}`,
  );
  // Money never changes an order that has ended, so its status says nothing.
  const end = order.status === 'PENDING_PAYMENT' ? await waitForChange(api, customerId, order) : order;
  print(`the order is ${end.status} (\`orderstream payments show ${id}\` shows its money)`);
}

/** The id of the customer's decided order with this key. @throws CliError if there is none. */
async function orderOfKey(client: OrderstreamClient, customer: string, key: string): Promise<string> {
  const { data } = await client.GET('/v1/orders', { params: { query: { idempotencyKey: key } } });
  if (data === undefined) throw new CliError(`the API did not list the orders of customer ${customer}`);
  const [order] = data.items;
  if (order === undefined)
    throw new CliError(`customer ${customer} has no decided order with the key ${key}`);
  return order.id;
}

function pageOf({ result, amount, twice }: PayOptions): PagePayment {
  return { result, ...(amount !== undefined && { amount }), ...(twice === true && { times: 2 }) };
}

async function transferTwice(order: Order, { name, amount, twice }: PayOptions): Promise<string[]> {
  const { id, currency } = order as { id: string; currency?: string };
  if (currency === undefined) throw new CliError('the order has no outcome yet');
  const payments: string[] = [];
  for (let i = 0; i < (twice === true ? 2 : 1); i++)
    payments.push(await transfer(name, id, amount ?? totalOf(order), currency));
  return payments;
}

function totalOf(order: Order): number {
  return (order as { totals?: { total: number } }).totals?.total ?? 0;
}

/** The callback of the provider takes a moment. A wrong amount, or a declined card, changes no status. */
async function waitForChange(api: OrderApi, customerId: string, order: Order): Promise<Order> {
  const untilMs = performance.now() + waitSeconds * 1_000;
  for (;;) {
    const now = await readOrder(api, customerId, order.id);
    if (now.version !== order.version || performance.now() >= untilMs) return now;
    await sleep(pollMs);
  }
}
