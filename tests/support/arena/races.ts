/** Races of commands about one order. Each race has an order of its own, and the outcomes that its commands must have. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import { until } from '../until.ts';
import type { Arena } from './arena.ts';
import { type Producer, placeCommand } from './load.ts';
import { readOutcomes } from './reading/outcomes.ts';

/** By name: the commands after the PLACE of the order, and their outcomes as `brief` shows them. */
export type Races = Readonly<Record<string, [commands: (id: string) => OrderCommand[], outcomes: string[]]>>;

export interface RaceDeps {
  readonly arena: Arena;
  readonly producer: Producer;
  /** Of the one line of each order. */
  readonly sku: string;
  readonly quantity?: number;
}

export const brief = ({ outcome, status, version, reason, refund }: OrderEvent) =>
  [outcome, status, version, reason?.code, refund?.reason, refund?.amount]
    .filter((part) => part !== undefined)
    .join(' ');

/**
 * Decides the races in one batch, in one batch per turn, and with a crash in each turn. The outcomes must be the expected
 * ones each time. A worker runs at the end.
 */
export async function expectRaces(deps: RaceDeps, races: Races): Promise<void> {
  const { arena } = deps;
  const expected = Object.fromEntries(Object.entries(races).map(([name, [, outcomes]]) => [name, outcomes]));
  // Nothing is decided before all commands are in the log.
  const together = decideRaces(deps, races, async () => undefined);
  const worker = await arena.startWorker();
  expect(await together).toEqual(expected);
  expect(await decideRaces(deps, races, () => arena.quiesce())).toEqual(expected);
  await worker.stop();

  const points = ['written', 'commitAcked', 'publishSent', 'commitSent'] as const;
  const turns = turnsOf(races);
  let turn = 0;
  const crashed = await decideRaces(deps, races, async () => {
    const point = points[turn % points.length]!;
    const victim = await arena.startWorker({ FAILPOINTS: `${point}=kill@1` });
    await until(() => !victim.running, { what: `a worker dying at ${point}` });
    turn += 1;
    if (turn === turns) await arena.startWorker();
  });
  expect(crashed).toEqual(expected);
}

/** Decides every race, each for an order of its own. `decideOne` decides what was sent so far. */
async function decideRaces(
  { arena, producer, sku, quantity = 1 }: RaceDeps,
  races: Races,
  decideOne: () => Promise<void>,
): Promise<Record<string, string[]>> {
  const sent = new Map<string, { partition: number; offset: number }[]>();
  const lives = Object.entries(races).map(([name, [commands]]) => {
    const orderId = randomUUID();
    return { name, commands: [placeCommand(orderId, [sku], quantity), ...commands(orderId)] };
  });
  for (let turn = 0; turn < turnsOf(races); turn++) {
    for (const { name, commands } of lives) {
      const command = commands[turn];
      if (command !== undefined) sent.set(name, [...(sent.get(name) ?? []), await producer.send(command)]);
    }
    await decideOne();
  }
  await arena.quiesce();
  const outcomes = await readOutcomes(arena);
  return Object.fromEntries(
    [...sent].map(([name, positions]) => [
      name,
      positions.slice(1).map(({ partition, offset }) => brief(outcomes.get(`${partition}-${offset}`)!)),
    ]),
  );
}

function turnsOf(races: Races): number {
  return 1 + Math.max(...Object.values(races).map(([, outcomes]) => outcomes.length));
}
