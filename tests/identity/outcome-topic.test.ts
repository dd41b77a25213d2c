/**
 * The outcome topic loses its end. The lanes stop, and every lost outcome is published again with the same
 * bytes.
 */
import { expect, test } from 'vitest';
import { newOrderOf, placeCommand } from '../support/arena/load.ts';
import { audit } from '../support/arena/reading/audit.ts';
import { outcomesCut } from '../support/arena/scenarios/identity/topics.ts';
import { useArena } from '../support/arena/use-arena.ts';

const used = useArena('outcome-topic');
const partitions = Array.from({ length: 12 }, (_, partition) => partition);

test('is detected by idle lanes, and rebuilt from the database', async () => {
  const { arena, producer, skus } = used();
  const worker = await arena.startWorker();
  for (let n = 0; n < 5; n++) {
    await Promise.all(
      partitions.map((partition) => producer.send(placeCommand(newOrderOf(partition), [skus[n]!]))),
    );
  }
  await arena.quiesce();
  expect(await outcomesCut(arena, worker, 3)).toEqual([]);
  await Promise.all(
    partitions.map((partition) => producer.send(placeCommand(newOrderOf(partition), [skus[0]!]))),
  );
  await arena.quiesce();
  await worker.stop();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 240_000);
