/** A worker gets SIGTERM while it has work. It leaves its lanes as if it had been idle. */
import { expect, test } from 'vitest';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const used = useArena('stop');
const stops = 3;

test('leaves no published outcome for its successor to publish again', async () => {
  const { arena, producer, skus } = used();
  const load = producer.start(300, skus);
  for (let stop = 0; stop < stops; stop++) {
    const name = `worker-${stop}`;
    const worker = await arena.startWorker({ INSTANCE_ID: name });
    await ownedBy(arena, [name]);
    await decidedMore(arena, 300);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    expect(
      await arena.mysql.pool.rows(
        'SELECT partition_id, from_offset FROM outbox WHERE published_at_ms IS NULL',
      ),
    ).toEqual([]);
    expect(
      await arena.mysql.pool.rows(
        "SELECT partition_id FROM lane_positions WHERE owner <> '' OR published_offset <> next_offset",
      ),
    ).toEqual([]);
  }
  await load.stop();
  const last = await arena.startWorker({ INSTANCE_ID: 'last' });
  await arena.quiesce();
  await last.stop();
  const { findings, repeats } = await audit(arena, producer.history);
  expect({ findings, repeats }).toEqual({ findings: [], repeats: 0 });
}, 90_000);
