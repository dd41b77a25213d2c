/**
 * 150 lives of orders with real processes: two ingestions, workers and payments, and the local provider. The provider repeats,
 * reorders, delays, loses and takes back. Processes are killed and frozen. `npm run chaos -- lives` is the long form.
 */
import { expect, test } from 'vitest';
import { createArena } from '../../support/arena/arena.ts';
import { createRandom } from '../../support/arena/hostile-corpus.ts';
import { createProducer } from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { goodsLives, liveWithGoods } from '../../support/lives/goods-lives.ts';
import { judge, readBook } from '../../support/lives/judge.ts';
import { live, shortLives } from '../../support/lives/lives.ts';
import { becomeQuiet } from '../../support/lives/quiet.ts';
import { openShop, scarce } from '../../support/lives/shop.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const topicPrefix = useTopicPrefix('many-lives');
const database = useDatabase('many_lives');

const count = 150;
const atOnce = 12;
const stock = new Map([
  ...Array.from({ length: 20 }, (_, n) => [`SKU-${n}`, 1_000_000] as const),
  // Fewer units than the lives order.
  [scarce, 12] as const,
]);
const faults = {
  ...{ errors: 0.1, lostAnswers: 0.15, duplicates: 0.3, disorder: 0.4, disorderMs: 300 },
  ...{ latePayments: 0.1, lateMs: 500, pendingRefunds: 0.2, settleMs: 300 },
  ...{ failedRefunds: 0.05, failuresAfterSuccess: 0.05 },
};

test('every cent and every unit of 150 lives is where it belongs, while processes are killed', {
  // The sum of its waits for events.
  timeout: 240_000,
}, async () => {
  const arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix, stock });
  const operator = await createProducer(arena);
  const shop = await openShop(arena, {
    random: createRandom(17),
    members: { ingestion: 2, worker: 2, payments: 2 },
    couponLimit: 20,
    paymentWindowMs: 1_800_000,
  });
  try {
    await shop.setFaults(faults);
    let next = 0;
    const hurt = async (n: number): Promise<void> => {
      const first = (service: string) => shop.fleet.members(service)[0]!;
      if (n === 30) await first('worker').hurt('SIGKILL', 0);
      if (n === 60) await first('payments').hurt('SIGKILL', 0);
      if (n === 75) await first('ingestion').hurt('SIGKILL', 0);
      if (n === 90) await first('worker').freeze(5_000);
      if (n === 120) await shop.killProvider(0);
    };
    const turn = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        await hurt(n);
        if (n % 2 === 0) await live(shop, n, shortLives[(n / 2) % shortLives.length]!);
        else await liveWithGoods(shop, operator, n, goodsLives[((n - 1) / 2) % goodsLives.length]!);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, turn));
    await becomeQuiet(shop, operator, { expiries: false, deadlineMs: 120_000 });
    const book = await readBook(shop);
    expect(book.captured.size).toBeGreaterThan(120);
    expect(await judge(arena, book)).toEqual([]);
    const { findings } = await audit(arena, [...shop.tickets, ...operator.history]);
    expect(findings).toEqual([]);
  } finally {
    await operator.close();
    expect(await shop.close()).toEqual([]);
    await arena.close();
  }
});
