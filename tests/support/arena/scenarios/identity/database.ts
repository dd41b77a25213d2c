/**
 * A database loses commits. An operator restored it, or it failed over to a server without the last commit.
 */
import { until } from '../../../until.ts';
import type { Arena } from '../../arena.ts';
import { newOrderOf, type Producer, placeCommand } from '../../load.ts';
import { orderstream, typePage } from '../../processes/operator.ts';
import { copyDatabase, putBack } from '../../reading/database-copy.ts';
import { frozen, ownedBy, readLanes } from '../../reading/lane-positions.ts';

const soldLane = 0;

/**
 * All units of a scarce SKU are sold on one lane. The database is restored to its state before these sales,
 * and the same SKU is ordered on all other lanes. No worker may decide a command until the newer data is
 * back. `stock` is the number of units. Resolves to the faults.
 */
export async function databasePutBack(
  arena: Arena,
  producer: Producer,
  { sku, stock }: { sku: string; stock: number },
): Promise<string[]> {
  const problems: string[] = [];
  const workers = await Promise.all(
    ['left', 'right'].map((name) => arena.startWorker({ INSTANCE_ID: name })),
  );
  await ownedBy(arena, ['left', 'right']);
  await arena.quiesce();
  await copyDatabase(arena, 'older');
  for (let n = 0; n < stock; n++) await producer.send(placeCommand(newOrderOf(soldLane), [sku]));
  await arena.quiesce();
  await copyDatabase(arena, 'newer');

  await putBack(arena, 'older');
  const before = await readLanes(arena);
  for (let partition = 1; partition < 12; partition++)
    await producer.send(placeCommand(newOrderOf(partition), [sku]));
  for (const worker of workers) {
    await until(async () => (await worker.ask('/readyz')).includes('the database has lost commits'), {
      what: 'every worker having stopped its lanes',
      deadlineMs: 40_000,
    });
  }
  for (const { partition, nextOffset } of await readLanes(arena)) {
    const was = before.find((lane) => lane.partition === partition)?.nextOffset;
    if (nextOffset !== was) problems.push(`lane ${partition} has continued from ${was} to ${nextOffset}`);
  }
  const lag = await orderstream(arena, 'lag');
  if (!/^HALTED since .*orderstream recover continue/.test(lag.stdout))
    problems.push(`lag does not report it: ${lag.stdout}`);
  const early = await orderstream(arena, 'recover', 'continue');
  if (early.code !== 1 || !early.stderr.includes('still lacks commits'))
    problems.push(`it continues too early: ${early.stderr}`);

  await putBackKeepingHalt(arena);
  await typePage(arena, 'Lost commits');
  await arena.quiesce();
  for (const worker of workers) await worker.stop();
  const [row] = await arena.mysql.pool.rows<{ available: number }>(
    `SELECT available FROM stock WHERE sku = '${sku}'`,
  );
  if (row?.available !== 0) problems.push(`${row?.available} of ${sku} are left, and all were sold`);
  return problems;
}

/**
 * This acts as if the missing commits were applied to the same server. The halt remains, so an operator has
 * to end it.
 */
async function putBackKeepingHalt(arena: Arena): Promise<void> {
  const [halt] = await arena.mysql.pool.rows<{ m: string; b: string; a: number }>(
    'SELECT message AS m, detected_by AS b, detected_at_ms AS a FROM pipeline_halts',
  );
  await putBack(arena, 'newer');
  await arena.mysql.pool.write(
    "INSERT INTO pipeline_halts (id, why, message, detected_by, detected_at_ms) VALUES (1, 'lostCommits', ?, ?, ?) ON DUPLICATE KEY UPDATE id = id",
    [halt?.m ?? 'halted', halt?.b ?? 'left', halt?.a ?? 0],
  );
}

/**
 * A worker is frozen after a COMMIT, and the database fails over to a server without it. Another worker
 * decides the command again, and the first one resumes. Resolves to the faults.
 */
export async function commitLostWhileFrozen(
  arena: Arena,
  producer: Producer,
  sku: string,
): Promise<string[]> {
  const problems: string[] = [];
  const first = await arena.startWorker({ INSTANCE_ID: 'frozen', FAILPOINTS: 'commitAcked=freeze@1' });
  await ownedBy(arena, ['frozen']);
  await copyDatabase(arena, 'before_commit');
  await producer.send(placeCommand(newOrderOf(soldLane), [sku]));
  await frozen(first);
  await putBack(arena, 'before_commit');
  const second = await arena.startWorker({ INSTANCE_ID: 'second' });
  await arena.quiesce();
  first.signal('SIGCONT');
  await until(async () => (await first.metric('worker_publishes_withheld_total')) > 0, {
    what: 'the woken worker withholding its outcome',
    deadlineMs: 30_000,
  });
  await first.stop();
  await second.stop();
  const copies = [...(await arena.readEvents()).values()].filter((each) => each.length > 1);
  if (copies.length > 0) problems.push(`${copies.length} commands have more than one outcome`);
  return problems;
}
