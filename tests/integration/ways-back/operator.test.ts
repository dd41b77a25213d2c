/**
 * Some causes stop only one lane. They are a record that no worker decides, an unreadable outbox row, and a
 * registry with other ids. Operators see why, the other lanes continue, and the recovery loses nothing.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { disputeCommand } from '../../support/arena/money-commands.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { orderstream, readWaits, reportedAt, wentOn } from '../../support/arena/reading/waits.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { startRebuiltRegistry } from '../../support/faults/rebuilt-registry.ts';
import { testStack, until } from '../../support/servers/stack.ts';

const used = useArena('waysback-op');
const partitions = Array.from({ length: 12 }, (_, partition) => partition);
let worker: WorkerProcess;

afterEach(() => worker?.stop());

describe('a command of a type that no worker decides', () => {
  test('stops only its lane until an operator skips it; there is a dead letter, an audit row, and no gap', async () => {
    const { arena, producer, skus } = used();
    worker = await arena.startWorker({ INSTANCE_ID: 'undecided' });
    await ownedBy(arena, ['undecided']);
    const orderId = newOrderOf(5);
    await producer.send(placeCommand(orderId, [skus[0]!]));
    const { offset } = await producer.send(disputeCommand(orderId));
    for (const partition of partitions) await producer.send(placeCommand(newOrderOf(partition), [skus[0]!]));
    await reportedAt(worker, 'decide', 'RECORD_DISPUTE');
    await until(async () => (await readWaits(arena)).length === 1, {
      what: 'one lane waiting, and no other',
    });
    expect(await readWaits(arena)).toMatchObject([
      { partition: 5, offset, place: 'decide', needsOperator: true },
    ]);

    const lag = await orderstream(arena, 'lag');
    expect(lag.text).toContain(`orderstream recover skip --partition 5 --offset ${offset}`);
    const skip = (at: number, ...rest: string[]) =>
      orderstream(
        arena,
        'recover',
        'skip',
        '--partition',
        '5',
        '--offset',
        String(at),
        '--reason',
        'a test',
        ...rest,
      );
    const elsewhere = await skip(offset + 1);
    expect([elsewhere.code, elsewhere.text]).toEqual([1, expect.stringContaining(`is at offset ${offset}`)]);
    const dry = await skip(offset, '--dry-run');
    expect([dry.code, dry.text]).toEqual([0, expect.stringContaining('nothing was changed')]);
    expect(await readWaits(arena)).toHaveLength(1);

    const done = await skip(offset);
    expect([done.code, done.text]).toEqual([0, expect.stringContaining('the lane continues')]);
    await wentOn(arena, worker);
    const letters = await arena.mysql.pool.rows(
      'SELECT reason_code AS code, message, partition_id AS `partition`, source_offset AS `offset` FROM dead_letters',
    );
    const message = 'An operator skipped this record: a test';
    expect(letters).toEqual([{ code: 'SKIPPED', message, partition: 5, offset }]);
    const rows = await arena.mysql.pool.rows('SELECT action, subject, details FROM audit_log');
    const subject = `record:${COMMANDS}/5-${offset}`;
    expect(rows).toEqual([{ action: 'record.skipped', subject, details: '{"reason":"a test"}' }]);
    const [instruction] = await arena.mysql.pool.rows<{ done: number | null }>(
      'SELECT done_at_ms AS done FROM lane_skips',
    );
    expect(instruction?.done).toBeGreaterThan(0);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
    expect((await skip(offset)).code).toBe(1);
  }, 120_000);
});

describe('an outbox row of a format that this build does not read', () => {
  test('stops only the claim of its lane, until the row is removed', async () => {
    const { arena, producer, skus } = used();
    await arena.mysql.pool.write(
      `INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES ('${COMMANDS}',2,0,1,1,X'09')`,
    );
    // The row belongs to no batch, so the audit need not read it.
    await arena.mysql.pool.write('DELETE FROM outbox_log ORDER BY id DESC LIMIT 1');
    for (const partition of partitions) await producer.send(placeCommand(newOrderOf(partition), [skus[0]!]));
    worker = await arena.startWorker({ INSTANCE_ID: 'older' });
    await reportedAt(worker, 'claim', 'format 9');
    await until(async () => (await readWaits(arena)).length === 1, {
      what: 'one lane waiting, and no other',
    });
    expect(await readWaits(arena)).toMatchObject([{ partition: 2, place: 'claim', needsOperator: true }]);
    await arena.mysql.pool.write("DELETE FROM outbox WHERE messages = X'09'");
    await wentOn(arena, worker);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 120_000);
});

describe('a registry that was rebuilt with other ids', () => {
  test('makes no dead letter of a command that waits in the log', async () => {
    const { arena, producer, skus } = used();
    const before = await arena.mysql.pool.rows('SELECT 1 FROM dead_letters');
    for (let n = 0; n < 4; n++)
      for (const partition of partitions)
        await producer.send(placeCommand(newOrderOf(partition), [skus[n]!]));
    const registry = await startRebuiltRegistry(
      testStack().schemaRegistryUrl,
      arena.codecs.commands.schemaId,
    );
    try {
      worker = await arena.startWorker({ INSTANCE_ID: 'rebuilt', SCHEMA_REGISTRY_URL: registry.url });
      await wentOn(arena, worker);
      const byContent = ({ msg }: { msg: string }) => msg.includes('by its content');
      expect(worker.log.filter(byContent)).toHaveLength(48);
      expect((await arena.mysql.pool.rows('SELECT 1 FROM dead_letters')).length).toBe(before.length);
      expect((await audit(arena, producer.history)).findings).toEqual([]);
      await worker.stop();
    } finally {
      await registry.close();
    }
  }, 120_000);
});
