/**
 * Faults that once stopped lanes until a restart, one after the other under load. The worker reports each
 * fault, and continues within 30 s after its end. Only the faulty records become dead letters.
 */
import { EVENTS } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { disputeCommand } from '../../support/arena/money-commands.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { decidedMore } from '../../support/arena/reading/lane-positions.ts';
import { reportedAt, skipped, wentOn } from '../../support/arena/reading/waits.ts';
import { startRebuiltRegistry } from '../../support/faults/rebuilt-registry.ts';
import { preloaded } from '../../support/preload/index.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const perSecond = 100;
const aheadMs = 75 * 60_000;

export async function waysBack(chaos: ChaosArena): Promise<Figures> {
  const { arena, producer } = chaos;
  const clock = { ...preloaded(['clock']), CLOCK_JUMP_MS: String(aheadMs) };
  const worker = await arena.startWorker({ ...clock, INSTANCE_ID: 'waiting' });
  const backMs: Record<string, number> = {};
  const tried: [string, (chaos: ChaosArena, worker: WorkerProcess) => Promise<() => Promise<void>>][] = [
    ['size', refusedForSize],
    ['clock', clockAhead],
    ['server', refusedByServer],
    ['record', refusedRecord],
    ['undecided', undecidedType],
  ];
  for (const [name, cause] of tried) {
    const load = producer.start(perSecond, plentySkus);
    await decidedMore(arena, perSecond);
    const remove = await cause(chaos, worker);
    await load.stop();
    await remove();
    const goneAtMs = performance.now();
    await wentOn(arena, worker);
    backMs[name] = Math.round(performance.now() - goneAtMs);
  }
  const { code } = await worker.stop();
  const problems = code === 0 ? [] : [`the worker ended with ${code}`];
  problems.push(...(await rebuiltRegistry(chaos)));
  const rows = await arena.mysql.pool.rows<{ code: string }>(
    'SELECT reason_code AS code FROM dead_letters ORDER BY reason_code',
  );
  const codes = rows.map((row) => row.code).join();
  if (codes !== 'DATA_REFUSED,SKIPPED') problems.push(`the dead letters are ${codes}`);
  return { seen: backMs, problems };
}

/** R5: the outcome topic refuses records larger than 300 bytes. */
async function refusedForSize({ arena }: ChaosArena, worker: WorkerProcess): Promise<() => Promise<void>> {
  await arena.admin.alterTopicConfigs(EVENTS, { 'max.message.bytes': '300' });
  await reportedAt(worker, 'publish', 'MESSAGE_TOO_LARGE');
  return () => arena.admin.alterTopicConfigs(EVENTS, { 'max.message.bytes': '1048588' });
}

/** R4: the worker's clock is 75 minutes ahead, and the brokers allow an hour. */
async function clockAhead({ arena }: ChaosArena, worker: WorkerProcess): Promise<() => Promise<void>> {
  await arena.admin.alterTopicConfigs(EVENTS, { 'message.timestamp.after.max.ms': '3600000' });
  worker.signal('SIGUSR2');
  await decidedMore(arena, perSecond);
  return async () => undefined;
}

/** R5: the database refuses every order, with an unlisted error. */
async function refusedByServer({ arena }: ChaosArena, worker: WorkerProcess): Promise<() => Promise<void>> {
  await arena.mysql.pool.write('CREATE TABLE refusing (yes TINYINT NOT NULL)');
  await arena.mysql.pool.write(
    'CREATE TRIGGER refuses BEFORE INSERT ON orders FOR EACH ROW BEGIN ' +
      "IF EXISTS (SELECT 1 FROM refusing) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no orders now'; END IF; END",
  );
  await arena.mysql.pool.write('INSERT INTO refusing VALUES (1)');
  await reportedAt(worker, 'decide', 'no orders now');
  return async () => void (await arena.mysql.pool.write('DELETE FROM refusing'));
}

/** R5b: the database refuses one order, with an unlisted error. */
async function refusedRecord({ arena, producer }: ChaosArena): Promise<() => Promise<void>> {
  const poison = newOrderOf(4);
  await arena.mysql.pool.write(
    'CREATE TRIGGER refuses_one BEFORE INSERT ON orders FOR EACH ROW BEGIN ' +
      `IF NEW.order_id = X'${poison.replaceAll('-', '')}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF; END`,
  );
  await producer.send(placeCommand(poison, [plentySkus[0]!]));
  await decidedMore(arena, perSecond);
  return async () => undefined;
}

/** R11: a released command type that no worker decides; an operator skips it. */
async function undecidedType(
  { arena, producer }: ChaosArena,
  worker: WorkerProcess,
): Promise<() => Promise<void>> {
  const orderId = newOrderOf(5);
  const { offset } = await producer.send(disputeCommand(orderId));
  await reportedAt(worker, 'decide', 'RECORD_DISPUTE');
  return () => skipped(arena, 5, offset);
}

/** R7: fifty orders wait in the log while the registry is rebuilt with other ids. */
async function rebuiltRegistry({ arena, producer, stack }: ChaosArena): Promise<string[]> {
  for (let n = 0; n < 50; n++) await producer.send(placeCommand(newOrderOf(n % 12), [plentySkus[n]!]));
  const registry = await startRebuiltRegistry(stack.schemaRegistryUrl, arena.codecs.commands.schemaId);
  try {
    const worker = await arena.startWorker({ INSTANCE_ID: 'rebuilt', SCHEMA_REGISTRY_URL: registry.url });
    await arena.quiesce();
    await until(() => worker.log.some(({ msg }) => msg.includes('by its content')), {
      what: 'a command being decoded by its content',
    });
    const { code } = await worker.stop();
    return code === 0 ? [] : [`the worker beside the rebuilt registry ended with ${code}`];
  } finally {
    await registry.close();
  }
}
