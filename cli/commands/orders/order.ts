import { Command } from 'commander';
import { orderId } from '../../arguments.ts';
import { createOrderApi } from '../../orders/order-api.ts';
import { customerOf } from '../../orders/owner.ts';
import { readOrder } from '../../orders/read-order.ts';
import { printJson } from '../../output.ts';
import { apiUrl, DEFAULT_INSTANCE } from '../../servers.ts';
import { createTokens } from '../../tokens.ts';

interface GetOptions {
  name: string;
  url?: string;
  customer?: string;
  ticket?: string;
}

/** `orderstream order get ID`: prints one order as the API shows it to its customer. */
export function orderCommand(): Command {
  const command = new Command('order').description('read one order');
  command
    .command('get')
    .description('print an order as the API returns it')
    .argument('<id>', 'order id', orderId)
    .option('--customer <id>', 'owner of the order; default: looked up in the local database')
    .option('--ticket <t>', 'the value of t in the status URL, required for a queued order')
    .option('--name <instance>', 'local instance to query', DEFAULT_INSTANCE)
    .option('--url <url>', 'base URL of the API, instead of the local one')
    .action(get);
  return command;
}

async function get(id: string, options: GetOptions): Promise<void> {
  const customerId = options.customer ?? (await customerOf(id, options.name));
  const tokenFor = await createTokens(options.name, process.env);
  const api = createOrderApi({ baseUrl: options.url ?? apiUrl(options.name, process.env), tokenFor });
  printJson(await readOrder(api, customerId, id, options.ticket));
}
