/** Callbacks of a payment provider at a fixed rate. Each one pays an unpaid order, which the bench loads before. */
import path from 'node:path';
import { newWebhookSecret } from '../../services/shared/standard-webhooks/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import type { OpenJob } from '../client/job.ts';
import { runInChild } from '../frame/child.ts';
import type { RunResult, Variant } from '../frame/types.ts';
import { countOf, keysBetween } from '../store/checks/rows.ts';
import { withConnection } from '../store/database.ts';
import { loadedFrom, loadOrders } from '../store/fill.ts';
import type { Times } from './variants.ts';
import type { World } from './world.ts';

const generator = path.join(import.meta.dirname, '../client/generator.ts');
const perSecond = 300;
const seed = 11;
const secret = newWebhookSecret();

/** Settings of ingestion. The provider itself does not run, because nothing calls it. */
export const callbackEnv = {
  PAYMENT_LOCAL_URL: 'http://127.0.0.1:9',
  PAYMENT_LOCAL_KEY: 'no call uses this key',
  PAYMENT_LOCAL_CALLBACK_SECRETS: secret,
};

export function callbackVariant(world: World, times: Times): Variant {
  const mysqlUrl = world.env['MYSQL_URL']!;
  // Twice as many as are due, because the generator may need a moment to stop.
  const orders =
    Math.ceil((2 * perSecond * (times.warmUpMs + times.measureMs)) / 1_000 / PARTITIONS) * PARTITIONS;
  return {
    name: 'callbacks 300/s',
    async run(round) {
      await world.startWorker();
      const firstOffset = loadedFrom + (round * orders) / PARTITIONS;
      await loadOrders(mysqlUrl, { seed, firstOffset, orders });
      const result = await runInChild(generator, {
        ...world.load(),
        ...times,
        kind: 'open',
        keyPrefix: '',
        perSecond,
        waitSeconds: 0,
        refusalsCount: false,
        callbacks: { secret, seed, firstOffset },
      } satisfies OpenJob);
      await world.ledger.quiesce();
      return result.ok ? checked(mysqlUrl, { firstOffset, orders }, result) : result;
    },
  };
}

/** A run has a number only if exactly the acknowledged payments are stored and every one has paid its order. */
async function checked(
  mysqlUrl: string,
  { firstOffset, orders }: { firstOffset: number; orders: number },
  result: Extract<RunResult, { ok: true }>,
): Promise<RunResult> {
  const acknowledged = result.sample.more!['accepted']!;
  const keys = keysBetween(firstOffset, firstOffset + orders / PARTITIONS, 'o.order_key');
  const [paid, payments] = await withConnection(mysqlUrl, async (connection) => [
    await countOf(
      connection,
      `SELECT COUNT(*) AS n FROM orders o WHERE ${keys} AND o.status = 'PAID' AND o.received = o.total`,
    ),
    await countOf(
      connection,
      `SELECT COUNT(*) AS n FROM payments o WHERE ${keys} AND o.disposition = 'SETTLES'`,
    ),
  ]);
  if (paid === acknowledged && payments === acknowledged) return result;
  return {
    ok: false,
    problem: `${acknowledged} callbacks were acknowledged, ${payments} payments stored, ${paid} orders paid`,
  };
}
