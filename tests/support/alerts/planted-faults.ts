/**
 * Faults that an alert must name. Each is planted where it happens: in the log or in a row of the database.
 */

import type { Arena } from '../arena/arena.ts';
import { newOrderOf, type Producer, placeCommand } from '../arena/load.ts';
import { orderstreamDone } from '../arena/processes/operator.ts';
import { readLanes } from '../arena/reading/lane-positions.ts';

/** Where faults are planted: an arena whose workers and reconciliation run. */
interface FaultWorld {
  readonly arena: Arena;
  readonly producer: Producer;
  readonly skus: readonly string[];
}

export interface PlantedFault {
  readonly what: string;
  /** Labels of the alert that names it, with `alertname`. */
  readonly alert: Readonly<Record<string, string>>;
  /** Plants the fault. Every command of the arena is decided before. Resolves to the repair. */
  plant(world: FaultWorld): Promise<() => Promise<void>>;
}

const deadLetterLane = 5;
const stoppedLane = 3;

/** A record that is no command. The dead letter stays, so there is nothing to repair. */
export const deadLetters: PlantedFault = {
  what: 'dead letters',
  alert: { alertname: 'DeadLettersArrive' },
  async plant({ producer }) {
    const key = Buffer.from(newOrderOf(deadLetterLane));
    const value = Buffer.from('not a command');
    await producer.sendRaw({ partition: deadLetterLane, key, value, headers: {} });
    return async () => undefined;
  },
};

/** Somebody moves the position of a lane ahead. The worker stops the lane, because it must skip no command. */
export const laneStopped: PlantedFault = {
  what: 'lane stopped',
  alert: { alertname: 'LaneRefused' },
  async plant({ arena, producer, skus }) {
    await producer.send(placeCommand(newOrderOf(stoppedLane), [skus[0]!]));
    await arena.quiesce();
    const lanes = await readLanes(arena);
    const right = lanes.find(({ partition }) => partition === stoppedLane)!.nextOffset;
    await arena.mysql.pool.write(
      'UPDATE lane_positions SET next_offset = next_offset + 2 WHERE partition_id = ?',
      [stoppedLane],
    );
    return async () => {
      await orderstreamDone(arena, 'recover', 'position', String(stoppedLane), '--to', String(right));
    };
  },
};

/** Somebody takes a unit of stock without an order. */
export const stockChanged: PlantedFault = {
  what: 'a stock row changed by hand',
  alert: { alertname: 'FindingsOpen', kind: 'STOCK_DIFFERS' },
  async plant({ arena, skus }) {
    const change = (units: number) =>
      arena.mysql.pool.write('UPDATE stock SET available = available + ? WHERE sku = ?', [units, skus[1]!]);
    await change(-1);
    return async () => {
      await change(1);
    };
  },
};
