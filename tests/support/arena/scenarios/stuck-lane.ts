/**
 * One lane of twelve is stalled. Reconciliation and `orderstream lag` name it and no other, and it continues
 * by itself.
 */
import { randomUUID } from 'node:crypto';
import { COMMANDS, partitionOfOrder } from '../../../../topics/index.ts';
import { orderstream } from '../../programs/command-line.ts';
import type { Arena } from '../arena.ts';
import { type Producer, placeCommand } from '../load.ts';
import { decidedMore } from '../reading/lane-positions.ts';
import { startWatched } from './watched.ts';

const stuckPartition = 7;
const holderWaitSeconds = 300;

/**
 * Returns the fault, if any. A lock on the lane's row blocks it, like a forgotten transaction of a person.
 */
export async function oneLaneStuck(
  { arena, producer, skus }: { arena: Arena; producer: Producer; skus: readonly string[] },
  perSecond: number,
): Promise<string[]> {
  const worker = await arena.startWorker({ INSTANCE_ID: 'the-worker' });
  const watched = await startWatched(arena);
  const holder = await arena.mysql.connect({ waitTimeoutSeconds: holderWaitSeconds });
  const problems: string[] = [];
  // The lane is blocked before the others have work, because lanes that share a transaction would wait
  // together.
  await producer.send(placeCommand(orderIdIn(stuckPartition), [skus[0]!]));
  await arena.quiesce();
  await holder.begin();
  await holder.rows('SELECT 1 FROM lane_positions WHERE topic = ? AND partition_id = ? FOR UPDATE', [
    COMMANDS,
    stuckPartition,
  ]);
  await producer.send(placeCommand(orderIdIn(stuckPartition), [skus[0]!]));
  problems.push(...(await watched.opened([`LANE_STALLED ${stuckPartition}`])));
  const load = producer.start(perSecond, skus);
  try {
    await decidedMore(arena, 2 * perSecond);
    const [finding] = await arena.mysql.pool.rows<{ actual: string }>(
      `SELECT actual FROM reconciliation_findings WHERE kind = 'LANE_STALLED' AND status = 'OPEN'`,
    );
    if (!finding?.actual.includes('the-worker')) problems.push(`the finding says "${finding?.actual}"`);
    const { stdout } = await orderstream({ name: 'chaos', env: arena.env }, ['lag']);
    const [first] = stdout.split('\n');
    if (!first?.startsWith(`1 of 12 lanes make no progress: ${stuckPartition} (the-worker)`))
      problems.push(`lag begins with "${first}"`);
    // The other lanes continue meanwhile.
    await decidedMore(arena, perSecond);
    problems.push(...(await watched.opened([`LANE_STALLED ${stuckPartition}`])));
    await holder.rollback();
    problems.push(...(await watched.opened([])));
  } finally {
    await holder.close();
    await load.stop();
    await arena.quiesce();
    await watched.service.stop();
    const { code } = await worker.stop();
    if (code !== 0) problems.push(`the worker ended with ${code}`);
  }
  return problems;
}

function orderIdIn(partition: number): string {
  for (;;) {
    const id = randomUUID();
    if (partitionOfOrder(id) === partition) return id;
  }
}
