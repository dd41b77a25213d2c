/**
 * Two schedulers share the partitions. One freezes for longer than its leases, and thaws. Both then send commands about the
 * same orders, so each order must expire once. Every other command must be a DUPLICATE or be refused.
 */
import { randomUUID } from 'node:crypto';
import { placeCommand } from '../../support/arena/load.ts';
import { createFleet, type Fleet, type Member } from '../../support/arena/processes/fleet.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const ordersPerStorm = 2_000;
/** The deadline of an order, as much again for late payments, and some time on a busy machine. */
const stormDeadlineMs = 180_000;
const workerEnv = { PAYMENT_WINDOW_MS: '20000', KAFKA_SESSION_TIMEOUT_MS: '4000' };

export async function schedulerFrozen(chaos: ChaosArena): Promise<Figures> {
  const { arena } = chaos;
  const fleet = createFleet(arena);
  await fleet.add('worker', 'worker', workerEnv);
  const frozen = await fleet.add('scheduler', 'frozen');
  const other = await fleet.add('scheduler', 'other');
  try {
    await shared(chaos, { frozen: 6, other: 6 });
    await stormWhileLanesStand(chaos, fleet, frozen, other);
    await stormWithWorker(chaos, other);
    await until(async () => (await pending(chaos)) === 0, {
      what: 'no unpaid order',
      deadlineMs: stormDeadlineMs,
    });
    await shared(chaos, { frozen: 6, other: 6 });
    await arena.quiesce();
    const { seen, problems } = await judged(chaos);
    return { seen, problems: [...problems, ...fleet.accidents(), ...(await fleet.stop())] };
  } finally {
    await fleet.stop();
  }
}

/** Nobody decides while one scheduler is frozen. So the other one sends all commands of its partitions again. */
async function stormWhileLanesStand(
  chaos: ChaosArena,
  fleet: Fleet,
  frozen: Member,
  other: Member,
): Promise<void> {
  await placeMany(chaos);
  await fleet.retire(fleet.members('worker')[0]!);
  await sentAtLeast([frozen, other], ordersPerStorm);
  const sentByOther = await sentBy(other);
  frozen.process.signal('SIGSTOP');
  try {
    await shared(chaos, { other: 12 });
    await sentAtLeast([other], sentByOther + ordersPerStorm / 4);
  } finally {
    frozen.process.signal('SIGCONT');
  }
  await fleet.add('worker', 'worker', workerEnv);
}

/** A scheduler is frozen while it sends. */
async function stormWithWorker(chaos: ChaosArena, other: Member): Promise<void> {
  await until(async () => (await pending(chaos)) === 0, {
    what: 'the first storm',
    deadlineMs: stormDeadlineMs,
  });
  await placeMany(chaos);
  const before = await sentBy(other);
  await sentAtLeast([other], before + 1);
  other.process.signal('SIGSTOP');
  try {
    // Its leases have ended, because the first scheduler has all partitions.
    await shared(chaos, { frozen: 12 });
  } finally {
    other.process.signal('SIGCONT');
  }
}

async function placeMany({ arena, producer }: ChaosArena): Promise<void> {
  const commands = Array.from({ length: ordersPerStorm }, (_, n) =>
    placeCommand(randomUUID(), [plentySkus[n % plentySkus.length]!]),
  );
  await Promise.all(commands.map((command) => producer.send(command)));
  await arena.quiesce();
}

function sentBy({ process }: Member): Promise<number> {
  return process.metric('scheduler_commands_total', 'result="produced"');
}

async function sentAtLeast(members: readonly Member[], count: number): Promise<void> {
  await until(
    async () => {
      const sent = await Promise.all(members.map(sentBy));
      return sent.reduce((sum, each) => sum + each, 0) >= count;
    },
    { what: `${count} commands of schedulers`, deadlineMs: stormDeadlineMs, everyMs: 50 },
  );
}

async function shared({ arena }: ChaosArena, wanted: Readonly<Record<string, number>>): Promise<void> {
  await until(
    async () => {
      const rows = await arena.mysql.pool.rows<{ owner: string; held: number }>(
        "SELECT owner, COUNT(*) AS held FROM scheduler_leases WHERE owner <> '' GROUP BY owner",
      );
      const held = new Map(rows.map(({ owner, held }) => [owner, Number(held)]));
      return (
        held.size === Object.keys(wanted).length &&
        Object.entries(wanted).every(([owner, n]) => held.get(owner) === n)
      );
    },
    { what: `the partitions shared as ${JSON.stringify(wanted)}`, deadlineMs: 60_000, everyMs: 100 },
  );
}

async function pending({ arena }: ChaosArena): Promise<number> {
  const [row] = await arena.mysql.pool.rows<{ n: number }>(
    "SELECT COUNT(*) AS n FROM orders WHERE status = 'PENDING_PAYMENT'",
  );
  return Number(row!.n);
}

async function judged({ arena }: ChaosArena): Promise<Figures> {
  const ends = [...(await readOutcomes(arena)).values()].filter(
    ({ commandType }) => commandType === 'EXPIRE',
  );
  const counted = Map.groupBy(ends, ({ outcome }) => outcome);
  const applied = Map.groupBy(counted.get('APPLIED') ?? [], ({ orderId }) => orderId);
  const others = ends.filter(({ outcome }) => !['APPLIED', 'DUPLICATE', 'REFUSED'].includes(outcome));
  const repeats = (counted.get('DUPLICATE')?.length ?? 0) + (counted.get('REFUSED')?.length ?? 0);
  const problems: string[] = [];
  const orders = 2 * ordersPerStorm;
  if (applied.size !== orders) problems.push(`${applied.size} of ${orders} orders expired`);
  const twice = [...applied.values()].filter((all) => all.length > 1).length;
  if (twice > 0) problems.push(`${twice} orders expired more than once`);
  if (others.length > 0) problems.push(`${others.length} commands ended as ${others[0]!.outcome}`);
  if (repeats < ordersPerStorm / 4)
    problems.push(`only ${repeats} commands came twice, so the run shows little`);
  const seen = Object.fromEntries([...counted].map(([outcome, all]) => [outcome, all.length]));
  return { seen, problems };
}
