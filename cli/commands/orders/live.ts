import { Command } from 'commander';
import type { Connection } from 'mysql2/promise';
import { seconds } from '../../arguments.ts';
import { sendChange } from '../../changes/request.ts';
import { createOrderstreamClient } from '../../client/index.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { CliError } from '../../errors.ts';
import { lifeDifferences, livesText } from '../../lives/compare.ts';
import { closesInMs, readUnits } from '../../lives/read-goods.ts';
import { readLives } from '../../lives/read-lives.ts';
import { runLives } from '../../lives/run-lives.ts';
import { print } from '../../output.ts';
import { transfer } from '../../payments/local-provider.ts';
import { readOrderMoney } from '../../payments/read-money.ts';
import { readFlags, setFlags } from '../../rates/flags.ts';
import { apiUrl, DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { createTokens } from '../../tokens.ts';

/** `orderstream orders live FILE`: plays whole lives of orders at the payment provider of a local run. */
export function liveCommand(): Command {
  return new Command('live')
    .description(
      'place the orders of a file, pay, ship, return, refund, cancel or let them expire, and compare their money and units. Safe to repeat; needs a local run',
    )
    .argument('<file>', 'JSON file such as samples/lives.json')
    .option('--name <instance>', 'local instance', DEFAULT_INSTANCE)
    .option('--stall <time>', 'give up on a step after this long', seconds, 60)
    .action(live);
}

async function live(file: string, { name, stall }: { name: string; stall: number }): Promise<void> {
  const { lives, ...expected } = await readLives(file);
  const tokenFor = await createTokens(name, process.env);
  const baseUrl = apiUrl(name, process.env);
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) => {
    const lived = await runLives(
      {
        clientOf: (customerId) => createOrderstreamClient({ baseUrl, token: () => tokenFor(customerId) }),
        transfer: (orderId, amount, currency) => transfer(name, orderId, amount, currency),
        change: (orderId, key, changeAt) => sendChange(db, { name, orderId, key, changeAt }),
        closesInMs: (orderId) => closesInMs(db, orderId),
        withShortWindow: (work) => withShortWindow(db, work),
        stepMs: stall * 1_000,
      },
      lives,
    );
    const ended = [];
    for (const each of lived) {
      const units = await readUnits(db, each.id);
      ended.push({ lived: each, money: await readOrderMoney(db, each.id), units });
    }
    print(livesText(ended));
    const detailLines = lifeDifferences(ended, expected);
    if (detailLines.length > 0) throw new CliError('lives did not end as expected', { detailLines });
    print('all lives ended as expected');
  });
}

/** Sets the switch `paymentWindow` to a second for the time of `work`. */
async function withShortWindow<T>(db: Connection, work: () => Promise<T>): Promise<T> {
  const before = (await readFlags(db)).get('paymentWindow')!;
  const set = async (value: string): Promise<unknown> =>
    setFlags(db, new Map([['paymentWindow', value]]), { nowMs: await databaseNowMs(db) });
  await set('1s');
  try {
    return await work();
  } finally {
    await set(before);
  }
}
