import { Command } from 'commander';
import { type Erasure, eraseCustomer } from '../../../services/orders-db/index.ts';
import { loadConfig, personalDataFields } from '../../../services/shared/config/index.ts';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { createKeyWrapper } from '../../../services/shared/personal-data/index.ts';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { customerId, seconds } from '../../arguments.ts';
import { reencryptKeys } from '../../customers/reencrypt-keys.ts';
import { erasureDbOf, withDatabase } from '../../database.ts';
import { usageError } from '../../errors.ts';
import { localServers, readInstance } from '../../local-instance.ts';
import { currentOperator } from '../../operator.ts';
import { count, print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers, withLocal } from '../../servers.ts';

const waitSeconds = 30;

interface EraseOptions {
  name: string;
  wait: number;
  json?: boolean;
}

/** `orderstream customer erase|reencrypt-keys`: personal data and the keys that seal it. The exit code is 1 if something is left. */
export function customerCommand(): Command {
  const command = new Command('customer').description(
    'erase the personal data of a customer; manage the keys that seal it',
  );
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
  command
    .command('reencrypt-keys')
    .description('encrypt the keys of all customers with the first key of PERSONAL_DATA_KEYS')
    .option('--json', 'print the counts as JSON')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(reencrypt);
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

async function reencrypt({ name, json }: { name: string; json?: boolean }): Promise<void> {
  const wrapper = createKeyWrapper(keysOf(name));
  if (!wrapper.isReady) throw usageError('PERSONAL_DATA_KEYS has no key');
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const { changed, unchanged, unreadable } = await withDatabase(mysqlUrl, (db) => reencryptKeys(db, wrapper));
  if (json) printJson({ changed, unchanged, unreadable });
  else
    print(
      `${count(changed)} keys encrypted with the newest key, ${count(unchanged)} have it already, ${count(unreadable)} cannot be decrypted`,
    );
  if (unreadable > 0) process.exitCode = 1;
}

function keysOf(name: string): readonly string[] {
  const env = withLocal(process.env, personalDataFields.personalDataKeys, () => localKeysOf(name));
  return loadConfig(env, personalDataFields).personalDataKeys;
}

function localKeysOf(name: string): string | undefined {
  if (readInstance(name) === null) return undefined;
  const { instanceDir, localPersonalDataKeys } = localServers();
  return localPersonalDataKeys(instanceDir(name));
}

function textOf({ orders, openOrders, reasons, references, errors, outboxRows, undecided }: Erasure): string {
  const lines = [
    `erased: address, contact and metadata of ${count(orders)} orders`,
    `erased: ${count(reasons)} reasons, ${count(references)} references of payments, ${count(errors)} errors of deliveries and refunds`,
    `removed: dead letters from ${count(outboxRows)} outbox rows`,
  ];
  if (openOrders > 0)
    lines.push(
      `${count(openOrders)} of the orders are open and not shipped; cancel them, because they have no address`,
    );
  if (undecided > 0)
    lines.push(
      `${count(undecided)} commands of all customers are not decided yet; repeat the erasure when workers have decided them`,
    );
  return lines.join('\n');
}
