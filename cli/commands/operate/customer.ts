import { Command } from 'commander';
import { type Erasure, eraseCustomer } from '../../../services/orders-db/index.ts';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { customerId, seconds } from '../../arguments.ts';
import { erasureDbOf, withDatabase } from '../../database.ts';
import { currentOperator } from '../../operator.ts';
import { count, print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

const waitSeconds = 30;

interface EraseOptions {
  name: string;
  wait: number;
  json?: boolean;
}

/** `orderstream customer erase`: erases the personal data of a customer. The exit code is 1 if commands have no outcome yet. */
export function customerCommand(): Command {
  const command = new Command('customer').description('erase the personal data of a customer');
  command
    .command('erase')
    .description(
      'erase names, addresses, e-mail addresses, metadata and free texts of all orders of a customer, for ever',
    )
    .argument('<customer>', 'id of the customer, the `sub` of the tokens', customerId)
    .option('--wait <time>', 'how long to wait for commands that are not decided yet', seconds, waitSeconds)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(erase);
  return command;
}

async function erase(customer: string, { name, wait, json }: EraseOptions): Promise<void> {
  const servers = await findServers(name, process.env, ['mysql', 'kafka']);
  const admin = createAdmin(createKafkaConfig(servers, 'orderstream-cli'));
  try {
    const erasure = await withDatabase(servers.mysqlUrl, (db) =>
      eraseCustomer(
        {
          db: erasureDbOf(db),
          actor: currentOperator(),
          waitMs: wait * 1000,
          async endOffsets() {
            const ends = await admin.endOffsets(COMMANDS);
            return new Map([...ends].map(([partition, { high }]) => [partition, Number(high)]));
          },
        },
        customer,
      ),
    );
    if (json) printJson({ customer, ...erasure });
    else print(textOf(erasure));
    if (erasure.undecided > 0) process.exitCode = 1;
  } finally {
    await admin.close();
  }
}

function textOf({ orders, openOrders, reasons, references, errors, outboxRows, undecided }: Erasure): string {
  const lines = [
    `${count(orders)} orders have no address, contact and metadata any more`,
    `erased: ${count(reasons)} reasons, ${count(references)} references of payments, ${count(errors)} errors of deliveries and refunds`,
    `${count(outboxRows)} outbox rows have no dead letters any more`,
  ];
  if (openOrders > 0)
    lines.push(
      `${count(openOrders)} of the orders are not shipped; cancel them, because they have no address`,
    );
  if (undecided > 0)
    lines.push(
      `${count(undecided)} commands of all customers are not decided yet; repeat the command when workers have decided them`,
    );
  return lines.join('\n');
}
