import { randomUUID } from 'node:crypto';
import { partitionOfOrder } from '../../../../topics/index.ts';
import type { Arena } from '../arena.ts';
import { newOrderOf, type Producer, placeCommand } from '../load.ts';

const deathsMax = 8;
const neighbours = 30;

/**
 * Sends a record that kills every worker that decides it. It is the first in its lane. Good records follow it
 * and are in all other lanes. Starts workers until one survives. Resolves with the number of deaths. The
 * survivor is stopped when all commands are decided.
 */
export async function killUntilQuarantined(
  arena: Arena,
  producer: Producer,
  killer: string,
  skus: readonly string[],
): Promise<number> {
  await Promise.all([
    producer.send(placeCommand(killer, [skus[0]!])),
    ...Array.from({ length: neighbours }, () =>
      producer.send(placeCommand(newOrderOf(partitionOfOrder(killer)), [skus[0]!])),
    ),
    ...Array.from({ length: neighbours * 4 }, () => producer.send(placeCommand(randomUUID(), [skus[0]!]))),
  ]);
  for (let deaths = 0; deaths <= deathsMax; deaths++) {
    const worker = await arena.startWorker({
      FAILPOINTS: `decoded=kill~${killer}`,
      KAFKA_SESSION_TIMEOUT_MS: '1500',
    });
    await Promise.race([worker.exited, arena.quiesce(30_000)]);
    if (!worker.running) continue;
    await worker.stop();
    return deaths;
  }
  throw new Error(`${deathsMax} workers died of the same record`);
}
