/**
 * `npm run chaos -- lives [--lives 5000] [--minutes 30]`: orders are placed, paid, shipped, delivered, returned, refunded, closed and
 * cancelled on the whole product. The payment provider repeats, reorders, delays, loses and takes back. Processes are killed
 * and frozen.
 *
 * At the end every captured amount is on a live order or refunded. Stock, coupons, tables, events and findings agree, and
 * `orderstream verify` finds nothing.
 */
import { errorMessage } from '../../../services/shared/errors/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { createRandom } from '../../support/arena/hostile-corpus.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { type GoodsLifeKind, goodsLives, liveWithGoods } from '../../support/lives/goods-lives.ts';
import { judge, readBook } from '../../support/lives/judge.ts';
import { expiringLives, type LifeKind, live, shortLives } from '../../support/lives/lives.ts';
import { becomeQuiet, startLater } from '../../support/lives/quiet.ts';
import { openShop, type Shop } from '../../support/lives/shop.ts';
import { until } from '../../support/until.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { Figures, ScenarioOptions } from '../figures.ts';
import { moreRounds } from './false-alarms.ts';

const members = {
  ...{ ingestion: 2, worker: 2, payments: 2, scheduler: 2 },
  ...{ projector: 1, notification: 1, reconciliation: 1 },
};
const faultsOfProvider = {
  ...{ errors: 0.1, hangs: 0.03, lostAnswers: 0.15, duplicates: 0.3, disorder: 0.4, latePayments: 0.1 },
  ...{ pendingRefunds: 0.2, failedRefunds: 0.05, failuresAfterSuccess: 0.05 },
};
const atOnce = 24;
const paymentWindowMs = 90_000;
const quietDeadlineMs = 600_000;
const findingsDeadlineMs = 60_000;
const faultEveryMs = { least: 5_000, most: 14_000 };
const awayMsMax = 2_000;
/** Longer than the sessions of workers. */
const frozenMs = { least: 5_000, most: 9_000 };
/** Longer than the leases: 10 s of schedulers, 21 s of payments. */
const longFrozenMs: Readonly<Record<string, number>> = { scheduler: 14_000, payments: 25_000 };
const hurtServices = ['worker', 'payments', 'scheduler', 'ingestion', 'worker', 'payments', 'scheduler'];
const otherServices = ['projector', 'notification', 'reconciliation'];
const shownMax = 20;

export async function manyLives(chaos: ChaosArena, options: ScenarioOptions): Promise<Figures> {
  const { arena } = chaos;
  const random = createRandom(options.seed);
  const startedMs = performance.now();
  // Fewer uses than the lives want, so that the coupon ends while others still wait for it.
  const { count, minutes } = options.lives;
  const couponLimit = Math.max(50, Math.ceil(count / 8), 100 * minutes);
  const shop = await openShop(arena, { random, members, couponLimit, paymentWindowMs });
  const operator = await createProducer(arena);
  try {
    await shop.setFaults(faultsOfProvider);
    const later = startLater(shop);
    const hurting = startHurting(shop);
    const seen = await liveAll(shop, operator, options);
    await later.stop();
    const faults = await hurting.stop();
    const livedMs = performance.now() - startedMs;
    const retries = await becomeQuiet(shop, operator, { expiries: true, deadlineMs: quietDeadlineMs });
    await moreRounds(shop.fleet, 2);
    const findings = await lastingFindings(shop);
    const book = await readBook(shop);
    const judged = await judge(arena, book);
    const accidents = [...shop.fleet.accidents()];
    const exits = await shop.close();
    const audited = await audit(arena, [...shop.tickets, ...operator.history]);
    return {
      audited: true,
      seen: {
        ...{ seed: options.seed, lives: seen, faults, retries, accidents },
        captured: book.captured.size,
        refunds: Object.fromEntries(countBy([...book.refunds.values()].map(({ status }) => status))),
        statuses: await statusesOf(shop),
        tickets: shop.tickets.length,
        outcomes: audited.report.outcomes,
        repeats: audited.repeats,
        livedS: Math.round(livedMs / 1_000),
        quietS: Math.round((performance.now() - startedMs - livedMs) / 1_000),
      },
      problems: [...judged, ...findings, ...exits, ...audited.findings],
    };
  } finally {
    await operator.close();
    await shop.close();
  }
}

/** Lives of every kind in turn, some at once. Those that expire come evenly too, so that expiry meets all faults. */
async function liveAll(
  shop: Shop,
  operator: Producer,
  { lives: { count, minutes } }: ScenarioOptions,
): Promise<Record<string, number>> {
  const kinds: (LifeKind | GoodsLifeKind)[] = [...shortLives, ...goodsLives, ...expiringLives, ...goodsLives];
  const endsAtMs = performance.now() + minutes * 60_000;
  const seen: Record<string, number> = {};
  let next = 0;
  const turn = async (): Promise<void> => {
    while (next < count || performance.now() < endsAtMs) {
      const n = next++;
      const kind = kinds[n % kinds.length]!;
      await (isOfGoods(kind) ? liveWithGoods(shop, operator, n, kind) : live(shop, n, kind));
      seen[kind] = (seen[kind] ?? 0) + 1;
      if (n % 250 === 249) console.log(`${new Date().toISOString()} ${n + 1} lives`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
  return seen;
}

function isOfGoods(kind: LifeKind | GoodsLifeKind): kind is GoodsLifeKind {
  return (goodsLives as readonly string[]).includes(kind);
}

/** Hurts one process after the other. Frozen ones thaw while the next is hurt. */
function startHurting(shop: Shop): { stop(): Promise<Record<string, number>> } {
  const faults: Record<string, number> = {};
  const busy = new Set<string>();
  const running: Promise<void>[] = [];
  let isStopping = false;
  const loop = async (): Promise<void> => {
    while (!isStopping) {
      await sleep(between(faultEveryMs, shop.random));
      const hurt = planFault(shop, busy);
      if (hurt === null) continue;
      faults[hurt.what] = (faults[hurt.what] ?? 0) + 1;
      busy.add(hurt.name);
      running.push(
        hurt
          .run()
          .catch((error: unknown) => console.log(`${hurt.what}: ${errorMessage(error)}`))
          .finally(() => busy.delete(hurt.name)),
      );
    }
  };
  const looping = loop();
  return {
    async stop() {
      isStopping = true;
      await looping;
      await Promise.all(running);
      return faults;
    },
  };
}

interface Fault {
  readonly what: string;
  /** Of the process. It has one fault at a time. */
  readonly name: string;
  run(): Promise<void>;
}

function planFault({ fleet, random, killProvider }: Shop, busy: ReadonlySet<string>): Fault | null {
  const awayMs = random() * awayMsMax;
  const dice = random();
  if (dice < 0.06)
    return busy.has('provider')
      ? null
      : { what: 'provider killed', name: 'provider', run: () => killProvider(awayMs) };
  const service = oneOf(dice < 0.16 ? otherServices : hurtServices, random);
  const free = fleet.members(service).filter(({ name }) => !busy.has(name));
  if (free.length === 0) return null;
  const member = oneOf(free, random);
  const { name } = member;
  const how = random();
  if (how < 0.45) return { what: `${service} killed`, name, run: () => member.hurt('SIGKILL', awayMs) };
  if (how < 0.6) return { what: `${service} stopped`, name, run: () => member.hurt('SIGTERM', awayMs) };
  const isLong = how > 0.85;
  const ms = (isLong ? longFrozenMs[service] : undefined) ?? between(frozenMs, random);
  return { what: `${service} frozen`, name, run: () => member.freeze(ms) };
}

/** Findings that are still open after a while. Those of the faults close once the difference is gone. */
async function lastingFindings(shop: Shop): Promise<string[]> {
  const options = { what: 'the end of all findings', deadlineMs: findingsDeadlineMs, everyMs: 500 };
  const isOver = async (): Promise<boolean> => (await openFindings(shop)).length === 0;
  await until(isOver, options).catch(() => null);
  return openFindings(shop);
}

async function openFindings({ arena }: Shop): Promise<string[]> {
  const rows = await arena.mysql.pool.rows<Record<'kind' | 'subject' | 'expected' | 'actual', string>>(
    `SELECT kind, subject, expected, actual FROM reconciliation_findings WHERE status = 'OPEN' LIMIT ${shownMax}`,
  );
  return rows.map(
    ({ kind, subject, expected, actual }) =>
      `open finding ${kind} ${subject}: expected ${expected}, actual ${actual}`,
  );
}

async function statusesOf({ arena }: Shop): Promise<Record<string, number>> {
  const rows = await arena.mysql.pool.rows<{ status: string; n: number }>(
    'SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, Number(n)]));
}

function countBy(values: readonly string[]): [string, number][] {
  return [...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]);
}

function oneOf<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

function between({ least, most }: { least: number; most: number }, random: () => number): number {
  return least + random() * (most - least);
}
