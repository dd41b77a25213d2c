/**
 * Retention deletes commands before they are decided. The lane stops, and an operator sets the offset at
 * which it continues.
 */
import { expect, test } from 'vitest';
import { COMMANDS, EVENTS } from '../../topics/index.ts';
import { newOrderOf, placeCommand } from '../support/arena/load.ts';
import { orderstream, typePage } from '../support/arena/processes/operator.ts';
import { audit } from '../support/arena/reading/audit.ts';
import { readLanes } from '../support/arena/reading/lane-positions.ts';
import { readTopic } from '../support/arena/topic-surgery.ts';
import { useArena } from '../support/arena/use-arena.ts';
import { until } from '../support/servers/stack.ts';

const used = useArena('deleted');
const lane = 4;

test('are skipped by a command of the operator, and the next outcome names the last one before them', async () => {
  const { arena, producer, skus } = used();
  const place = () => producer.send(placeCommand(newOrderOf(lane), [skus[0]!]));
  const first = await arena.startWorker();
  for (let n = 0; n < 3; n++) await place();
  await arena.quiesce();
  await first.stop();
  const lost = [await place(), await place()];
  const kept = await place();
  await arena.admin.deleteRecords(COMMANDS, new Map([[lane, BigInt(kept.offset)]]));

  const worker = await arena.startWorker();
  await until(
    async () => (await worker.ask('/readyz')).includes('orderstream recover position 4 --to-start'),
    {
      what: 'readiness naming the command that continues',
    },
  );
  const refused = await orderstream(arena, 'recover', 'position', '4', '--to', '1');
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('the log holds the offsets 5 to 6'),
  ]);

  const printed = await typePage(arena, 'Commands deleted undecided');
  expect(printed).toContain('2 commands are SKIPPED: offsets 3 to 4 get no outcome');
  await until(
    async () => (await readLanes(arena)).find(({ partition }) => partition === lane)?.nextOffset === 6,
    {
      what: 'the lane continuing',
    },
  );
  await arena.quiesce();
  await worker.stop();
  const outcomes = (await readTopic(arena, EVENTS)).get(lane)!;
  const last = arena.codecs.events.decode(outcomes.at(-1)!.value);
  expect([last.sourceOffset, last.prevSourceOffset]).toEqual([5, 2]);
  const history = producer.history.filter(({ offset }) => !lost.some((each) => each.offset === offset));
  // The audit of the arena must find the skipped offsets, and no other fault.
  expect((await audit(arena, history)).findings).toEqual([
    expect.stringMatching(/^lane 4: epoch \d+ decided 5-6 after epoch \d+, which had decided up to 3$/),
  ]);
  await typePage(arena, 'See what stopped');
  await typePage(arena, 'Afterwards');
  const [row] = await arena.mysql.pool.rows<{ subject: string; actor: string }>(
    "SELECT subject, actor FROM audit_log WHERE action = 'log.recovered'",
  );
  expect(row?.subject).toBe(`log:${COMMANDS}-${lane}`);
}, 90_000);
