/**
 * `npm run chaos -- reconcile --minutes 30`: the whole product under changing load. Meanwhile its processes
 * are killed, stopped and frozen, and others join. The data has no fault, so reconciliation must report
 * nothing. Then the scenario damages one order, and reconciliation must report it.
 */

import { answerStatus, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { createRandom } from '../../support/arena/hostile-corpus.ts';
import { createFleet, type Fleet, type Member } from '../../support/arena/processes/fleet.ts';
import { complaints, runVerify } from '../../support/arena/processes/verify.ts';
import { readLanes } from '../../support/arena/reading/lane-positions.ts';
import { until } from '../../support/until.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import type { Figures, ScenarioOptions } from '../figures.ts';
import { startChangingLoad } from './changing-load.ts';
import { startShoppers } from './shoppers.ts';

const checks = ['outcomes', 'orders', 'book', 'deadLetters', 'offsets', 'deliveries', 'states'];
const faultEveryMs = { least: 3_000, most: 12_000 };
const awayMsMax = 3_000;
const reportEveryMs = 30_000;
const quietDeadlineMs = 300_000;
const detectionMsMax = 60_000;
const stopDeadlineMs = 60_000;

export async function falseAlarms(chaos: ChaosArena, { minutes, seed }: ScenarioOptions): Promise<Figures> {
  const { arena } = chaos;
  const random = createRandom(seed);
  const fleet = createFleet(arena);
  const receiver = await startReceiver((received, response) => {
    answerStatus(200)(received, response);
    // The audit would keep every body of half an hour.
    receiver.received.length = 0;
  });
  await addEndpoints(chaos, receiver.url);
  await startFleet(fleet);
  const shoppers = await startShoppers(fleet, random);
  const load = startChangingLoad(chaos, random);
  const endsAtMs = performance.now() + minutes * 60_000;
  const faults: Record<string, number> = {};
  const telling = setInterval(() => void tell(chaos, fleet, faults).catch(() => undefined), reportEveryMs);
  try {
    while (performance.now() < endsAtMs) {
      await sleep(between(faultEveryMs, random));
      const kind = await hurtOne(fleet, random);
      faults[kind] = (faults[kind] ?? 0) + 1;
    }
    await load.stop();
    await shoppers.stop();
    await arena.quiesce(quietDeadlineMs);
    const rounds = await moreRounds(fleet, 3);
    const alarms = await everFound(chaos);
    const planted = await plantAndWait(chaos);
    const exits = await fleet.stop();
    const report = await runVerify(arena.env);
    const progress = await arena.progress();
    return {
      audited: true,
      seen: {
        seed,
        minutes,
        faults,
        ...progress,
        laneTakeovers: await takeovers(chaos),
        orders: report.orders,
        outcomes: report.outcomes,
        hostile: load.hostile(),
        placedByShoppers: shoppers.placed(),
        readByShoppers: shoppers.seen(),
        falseAlarms: alarms.length,
        plantedFoundAfterS: planted,
        roundsOfTheLastInstance: rounds,
        accidents: fleet.accidents(),
        exits,
      },
      problems: [
        ...alarms.map((found) => `false alarm: ${found}`),
        ...complaints(report),
        ...(planted === null ? ['the planted difference was not found'] : []),
      ],
    };
  } finally {
    clearInterval(telling);
    // An aborted run reports its cause, even if a process cannot be stopped any more.
    const stopped = Promise.all([load.stop(), shoppers.stop()]).then(() => fleet.stop());
    await Promise.race([stopped, sleep(stopDeadlineMs)]);
    await receiver.close();
  }
}

/** One endpoint for all events, one for rare ones only, one whose receiver is down. */
async function addEndpoints({ arena }: ChaosArena, url: string): Promise<void> {
  const endpoints = [
    ['all', '*', url, null],
    ['rare', 'customer-1', url, '["order.cancelled","order.rejected"]'],
    ['gone', '*', 'http://127.0.0.1:1/hook', '["order.cancelled"]'],
  ];
  for (const [id, customer, target, types] of endpoints) {
    await arena.mysql.pool.write(
      `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, secret, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, 1, 1)`,
      [id!, customer!, target!, types ?? null, `whsec_${Buffer.alloc(24, 7).toString('base64')}`],
    );
  }
}

/**
 * On a busy machine other work may have priority, and a process may take a minute to start. So a lane may
 * stall for long.
 */
async function startFleet(fleet: Fleet): Promise<void> {
  const worker = { KAFKA_SESSION_TIMEOUT_MS: '4000' };
  await Promise.all([
    fleet.add('worker', 'worker-1', worker),
    fleet.add('worker', 'worker-2', worker),
    fleet.add('notification', 'notification', { WEBHOOK_ALLOW_ADDRESSES: '127.0.0.0/8' }),
    fleet.add('projector', 'projector'),
    fleet.add('reconciliation', 'reconciliation', { RECONCILE_EVERY: '2s', LANE_STALL: '5m' }),
  ]);
}

async function hurtOne(fleet: Fleet, random: () => number): Promise<string> {
  const worker = oneOf(fleet.members('worker'), random);
  const awayMs = random() * awayMsMax;
  const dice = random();
  if (dice < 0.4) {
    await worker.hurt('SIGKILL', awayMs);
    return 'worker killed';
  }
  if (dice < 0.65) {
    await worker.hurt('SIGTERM', awayMs);
    return 'worker stopped';
  }
  if (dice < 0.73) {
    await worker.freeze(3_000 + random() * 7_000);
    return 'worker frozen';
  }
  if (dice < 0.83) {
    const guest = await fleet.add('worker', 'worker-guest');
    await sleep(random() * 10_000);
    await fleet.retire(guest);
    return 'worker joined and left';
  }
  const service = oneOf(['notification', 'projector', 'reconciliation', 'ingestion'], random);
  const member: Member = fleet.members(service)[0]!;
  await member.hurt(random() < 0.5 ? 'SIGKILL' : 'SIGTERM', awayMs);
  return `${service} ended`;
}

/** Every finding that was ever opened, including closed ones. */
async function everFound({ arena }: ChaosArena): Promise<string[]> {
  const rows = await arena.mysql.pool.rows<
    Record<'kind' | 'subject' | 'expected' | 'actual' | 'status', string>
  >('SELECT kind, subject, expected, actual, status FROM reconciliation_findings ORDER BY finding_id');
  return rows.map(
    ({ kind, subject, expected, actual, status }) =>
      `${kind} ${subject} (${status}), expected ${expected}, actual ${actual}`,
  );
}

/** A lane's epoch rises with each new owner. */
async function takeovers({ arena }: ChaosArena): Promise<number> {
  return (await readLanes(arena)).reduce((sum, { epoch }) => sum + epoch, 0);
}

/** Waits until the current instance has completed this many more rounds of each check. */
export async function moreRounds(fleet: Fleet, more: number): Promise<Record<string, number>> {
  const { process } = fleet.members('reconciliation')[0]!;
  const done = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      await Promise.all(
        checks.map(async (check) => [
          check,
          await process.metric('reconciliation_checks_total', `check="${check}",result="done"`),
        ]),
      ),
    );
  const before = await done();
  return until(
    async () => {
      const now = await done();
      return checks.every((check) => now[check]! >= before[check]! + more) ? now : null;
    },
    { what: `${more} more rounds of every check`, deadlineMs: quietDeadlineMs, everyMs: 500 },
  );
}

/**
 * Changes the total of one order by hand, and corrects it afterwards. Returns the seconds until the change is
 * found. If the outcome is in memory, it is found at once; otherwise the walk over all orders finds it.
 */
async function plantAndWait({ arena }: ChaosArena): Promise<number | null> {
  const { pool } = arena.mysql;
  const [row] = await pool.rows<{ k: number }>(
    `SELECT MAX(order_key) AS k FROM orders WHERE status <> 'REJECTED'`,
  );
  const plantedMs = performance.now();
  await pool.write('UPDATE orders SET total = total + 1 WHERE order_key = ?', [row!.k]);
  const isFound = async () =>
    (
      await pool.rows(
        `SELECT 1 FROM reconciliation_findings WHERE kind IN ('ORDER_DIFFERS', 'MONEY_DIFFERS') AND status = 'OPEN'`,
      )
    ).length > 0;
  const found = await until(isFound, { what: 'the planted difference', deadlineMs: detectionMsMax }).then(
    () => Math.round(performance.now() - plantedMs) / 1_000,
    () => null,
  );
  await pool.write('UPDATE orders SET total = total - 1 WHERE order_key = ?', [row!.k]);
  return found;
}

async function tell(chaos: ChaosArena, fleet: Fleet, faults: Record<string, number>): Promise<void> {
  const { produced, decided } = await chaos.arena.progress();
  const found = await everFound(chaos);
  const done = Object.values(faults).reduce((sum, count) => sum + count, 0);
  process.stderr.write(
    `${new Date().toISOString()} produced ${produced}, decided ${decided}, faults ${done}, accidents ${fleet.accidents().length}, found ${found.length}\n`,
  );
  for (const line of [...found.slice(0, 3), ...fleet.accidents().slice(-3)])
    process.stderr.write(`  ${line}\n`);
}

function between({ least, most }: { least: number; most: number }, random: () => number): number {
  return least + random() * (most - least);
}

function oneOf<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}
