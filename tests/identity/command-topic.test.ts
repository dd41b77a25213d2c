/**
 * A command topic is recreated and filled. No lane may use its position for a log that it did not process.
 */
import { expect, test } from 'vitest';
import { newOrderOf, placeCommand } from '../support/arena/load.ts';
import { audit } from '../support/arena/reading/audit.ts';
import { commandsMadeAnew } from '../support/arena/scenarios/identity/topics.ts';
import { useArena } from '../support/arena/use-arena.ts';

const used = useArena('command-topic');
const partitions = Array.from({ length: 12 }, (_, partition) => partition);

async function place(perLane: number): Promise<void> {
  const { producer, skus } = used();
  for (let n = 0; n < perLane; n++) {
    await Promise.all(
      partitions.map((partition) => producer.send(placeCommand(newOrderOf(partition), [skus[n]!]))),
    );
  }
}

test('stops every lane that was filled beyond its position, and decides every command once after it is adopted', async () => {
  const { arena, producer } = used();
  const first = await arena.startWorker({ INSTANCE_ID: 'first' });
  await place(3);
  await arena.quiesce();
  await first.stop();
  const start = () => arena.startWorker({ INSTANCE_ID: 'second' });
  const { worker, problems } = await commandsMadeAnew(arena, start, () => place(5));
  expect(problems).toEqual([]);
  await worker.stop();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 240_000);

test('also stops running lanes, and they continue by themselves', async () => {
  const { arena, producer } = used();
  const running = await arena.startWorker({ INSTANCE_ID: 'running' });
  await place(1);
  await arena.quiesce();
  const { problems } = await commandsMadeAnew(arena, running, () => place(2));
  expect(problems).toEqual([]);
  await place(1);
  await arena.quiesce();
  await running.stop();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 240_000);
