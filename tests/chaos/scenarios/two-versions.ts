/**
 * The worker of an earlier commit and the current one. Alone, both decide the same. They also do so side by
 * side, while they are killed and replaced.
 */
import type { OrderCommand, OrderEvent } from '../../../schemas/generated/types.ts';
import { laneSkus, mixedCommands } from '../../support/arena/mixed-commands.ts';
import { layOutOlderBuild } from '../../support/arena/processes/older-build.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { timerFault } from '../../support/arena/reading/money.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus, type Sibling } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const commandCount = 1_500;
const laneUnits = 20;
/** Many batches, so that a death between two of them leaves work to the other build. */
const small = { BATCH_ORDERS_MAX: '20' };
/** The worker dies and leaves outbox rows that only the other build can publish. */
const dies = { ...small, FAILPOINTS: 'commitAcked=kill@3' };

/** `CHAOS_OLDER` names the commit; by default it is the newest whose worker differs. */
export async function twoVersions({ sibling }: ChaosArena): Promise<Figures> {
  const older = layOutOlderBuild(process.env['CHAOS_OLDER']);
  const stock = new Map([
    ...plentySkus.map((sku) => [sku, 1_000_000] as const),
    ...laneSkus.map((sku) => [sku, laneUnits] as const),
  ]);
  const commands = mixedCommands(commandCount, plentySkus);
  const problems: string[] = [];
  const decided = async (name: string, run: (where: Sibling) => Promise<OrderEvent[]>) => {
    const where = await sibling(stock);
    try {
      const outcomes = await run(where);
      const { findings, repeats } = await audit(where.arena, where.producer.history);
      const own = findings.filter((finding) => name === 'this' || !finding.startsWith(timerFault));
      problems.push(...own.map((finding) => `${name}: ${finding}`));
      return { outcomes: outcomes.map(comparable), repeats };
    } finally {
      await where.close(problems.length === 0);
    }
  };
  try {
    const old = await decided('older', (where) => oneBuild(where, commands, older.entry));
    const own = await decided('this', (where) => oneBuild(where, commands));
    const both = await decided('both', (where) => sideBySide(where, commands, older.entry));
    for (const [name, { outcomes }] of Object.entries({ own, both })) {
      const unlike = outcomes.filter((outcome, index) => outcome !== old.outcomes[index]);
      if (unlike.length > 0) problems.push(`${name}: ${unlike.length} outcomes differ, e.g. ${unlike[0]}`);
    }
    return {
      seen: { older: older.commit, outcomes: old.outcomes.length, republished: both.repeats },
      problems,
    };
  } finally {
    older.remove();
  }
}

async function oneBuild(where: Sibling, commands: readonly OrderCommand[], entry?: string) {
  const worker = await where.arena.startWorker(small, entry);
  const outcomes = await send(where, commands);
  await worker.stop();
  return outcomes();
}

/** A rolling change with crashes. Each build dies once with outcomes that the other has to publish. */
async function sideBySide(where: Sibling, commands: readonly OrderCommand[], olderEntry: string) {
  const { arena } = where;
  const third = Math.ceil(commands.length / 3);
  const dying = async (entry?: string) => {
    const worker = await arena.startWorker(dies, entry);
    return () => until(() => !worker.running, { what: 'a worker dying after a COMMIT', deadlineMs: 40_000 });
  };
  const stays = await arena.startWorker(small, olderEntry);
  const newDied = await dying();
  const first = await send(where, commands.slice(0, third), { wait: false });
  await newDied();
  const successor = await arena.startWorker(small);
  const oldDied = await dying(olderEntry);
  const second = await send(where, commands.slice(third, 2 * third), { wait: false });
  await oldDied();
  await stays.stop();
  const last = await send(where, commands.slice(2 * third));
  await successor.stop();
  return [...(await first()), ...(await second()), ...(await last())];
}

/** Sends in order; the returned function reads the outcomes in the same order. */
async function send(
  { arena, producer }: Sibling,
  commands: readonly OrderCommand[],
  { wait = true } = {},
): Promise<() => Promise<OrderEvent[]>> {
  const sent = await Promise.all(commands.map((command) => producer.send(command)));
  if (wait) await arena.quiesce();
  return async () => {
    const outcomes = await readOutcomes(arena);
    return sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
  };
}

/** All contents of an outcome except the time of the decision, and the sums that older builds do not write. */
function comparable({ occurredAt: _at, money: _money, units: _units, order, ...rest }: OrderEvent): string {
  const undated = order === null ? null : { ...order, paymentDueAt: order.paymentDueAt !== null };
  return JSON.stringify({ ...rest, order: undated });
}
