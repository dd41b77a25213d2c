/**
 * The tests cause and end each fault that stops the lanes of a worker. Operators see each fault. The worker
 * continues by itself within 30 s, and no valid record becomes a dead letter.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENTS } from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, newOrderOf, type Producer, placeCommand } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { readWaits, reportedAt, wentOn } from '../../support/arena/reading/waits.ts';
import { preloaded } from '../../support/preload/index.ts';
import { type OwnMysql, startOwnMysql } from '../../support/servers/own-mysql.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('waysback');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);
const aheadMs = 75 * 60_000;

let database: OwnMysql;
let arena: Arena;
let producer: Producer;
let worker: WorkerProcess;
let load: { stop(): Promise<void> };

beforeAll(async () => {
  database = await startOwnMysql('waysback');
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database.url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  worker = await arena.startWorker({
    ...preloaded(['clock']),
    INSTANCE_ID: 'waiting',
    CLOCK_JUMP_MS: String(aheadMs),
  });
  await ownedBy(arena, ['waiting']);
});

beforeEach(async () => {
  load = producer.start(60, skus);
  await decidedMore(arena, 60);
});

afterEach(async () => {
  await load.stop();
});

afterAll(async () => {
  await producer?.close();
  await arena?.close();
  await database?.close();
});

async function deadLetters(): Promise<{ code: string; partition: number; offset: number }[]> {
  return arena.mysql.pool.rows(
    'SELECT reason_code AS code, partition_id AS `partition`, source_offset AS `offset` FROM dead_letters',
  );
}

/** Checks after the fault that all commands are decided in time. None is lost, doubled or dead-lettered. */
async function unharmed(): Promise<void> {
  await load.stop();
  await wentOn(arena, worker);
  expect((await audit(arena, producer.history)).findings).toEqual([]);
  expect(await deadLetters()).toEqual([]);
  expect(worker.running).toBe(true);
}

describe('lanes wait and continue by themselves if', () => {
  test('the database changes the settings of every new session', async () => {
    await database.asRoot("SET GLOBAL init_connect = 'SET NAMES latin1'");
    await database.asRoot('SET GLOBAL read_only = 1');
    // A read-only server makes the writers open new sessions, which get the wrong settings.
    await worker.logged(
      ({ err }) => JSON.stringify(err ?? '').includes('MYSQL_SETTINGS'),
      'refused settings',
    );
    await database.asRoot('SET GLOBAL read_only = 0');
    await reportedAt(worker, 'decide', 'settings');
    await database.asRoot("SET GLOBAL init_connect = ''");
    await unharmed();
  }, 120_000);

  test('the brokers accept no record of this size', async () => {
    await arena.admin.alterTopicConfigs(EVENTS, { 'max.message.bytes': '300' });
    await reportedAt(worker, 'publish', 'MESSAGE_TOO_LARGE');
    await until(async () => (await readWaits(arena)).length > 0, { what: 'the table of waits naming it' });
    await arena.admin.alterTopicConfigs(EVENTS, { 'max.message.bytes': '1048588' });
    await unharmed();
  }, 120_000);

  test('the database refuses every order with an unlisted error', async () => {
    await arena.mysql.pool.write('CREATE TABLE refusing (yes TINYINT NOT NULL)');
    await arena.mysql.pool.write(
      'CREATE TRIGGER refuses BEFORE INSERT ON orders FOR EACH ROW BEGIN ' +
        "IF EXISTS (SELECT 1 FROM refusing) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no orders now'; END IF; END",
    );
    await arena.mysql.pool.write('INSERT INTO refusing VALUES (1)');
    await reportedAt(worker, 'decide', 'no orders now');
    await arena.mysql.pool.write('DELETE FROM refusing');
    await unharmed();
    await arena.mysql.pool.write('DROP TRIGGER refuses');
  }, 120_000);

  test('the clock of the worker jumps further ahead than brokers allow, because no timestamp comes from it', async () => {
    await arena.admin.alterTopicConfigs(EVENTS, { 'message.timestamp.after.max.ms': '3600000' });
    worker.signal('SIGUSR2');
    await decidedMore(arena, 120);
    await unharmed();
    expect(await worker.metric('kafka_produce_refused_total')).toBe(
      await worker.metric('kafka_produce_refused_total', 'MESSAGE_TOO_LARGE'),
    );
  }, 90_000);
});

describe('a record that the database refuses with an unlisted error', () => {
  test('is found and becomes a dead letter; its neighbours and successors are processed', async () => {
    const poison = newOrderOf(4);
    await arena.mysql.pool.write(
      'CREATE TRIGGER refuses_one BEFORE INSERT ON orders FOR EACH ROW BEGIN ' +
        `IF NEW.order_id = X'${poison.replaceAll('-', '')}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF; END`,
    );
    const { partition, offset } = await producer.send(placeCommand(poison, [skus[0]!]));
    await until(async () => (await deadLetters()).length > 0, { what: 'a dead letter', deadlineMs: 60_000 });
    await load.stop();
    await wentOn(arena, worker);
    expect(await deadLetters()).toEqual([{ code: 'DATA_REFUSED', partition, offset }]);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
    await arena.mysql.pool.write('DROP TRIGGER refuses_one');
  }, 120_000);
});
