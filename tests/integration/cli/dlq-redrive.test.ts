/**
 * Lists, shows and redrives dead letters on real servers, also with a dry run. The worker decides the copies.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKSUM_HEADER } from '../../../services/shared/codec/index.ts';
import { PARTITIONS, partitionOfOrder } from '../../../topics/partition.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { cancelCommand, createProducer, type Producer, placeCommand } from '../../support/arena/load.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { exampleEvent } from '../../support/records/example-event.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const prefix = useTopicPrefix('dlq');
const database = useDatabase('dlq');

const astray = randomUUID();
const behind = randomUUID();
const poisoned = randomUUID();
const positions = { place: '', cancel: '', stopper: '', behind: '', magic: '', subject: '', checksum: '' };

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([['SKU-1', 100]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  positions.place = await sendAstray(placeCommand(astray, ['SKU-1'], 2));
  positions.cancel = await sendAstray(cancelCommand(astray));
  positions.stopper = await sendRaw(behind, Buffer.from('no command'), elsewhere(behind));
  positions.behind = await sendAstray(placeCommand(behind, ['SKU-1']));
  positions.magic = await sendRaw(poisoned, Buffer.from('hello'));
  positions.subject = await sendRaw(randomUUID(), arena.codecs.events.encode(exampleEvent()));
  const good = arena.codecs.commands.encode(placeCommand(poisoned, ['SKU-1']));
  positions.checksum = await sendRaw(randomUUID(), good, undefined, { [CHECKSUM_HEADER]: '00000000' });
  await arena.startWorker();
  await arena.quiesce();
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

describe('orderstream dlq', () => {
  test('lists dead letters by reason, time and order', async () => {
    const { stdout, code } = await dlq('list');
    expect(code).toBe(0);
    expect(stdout).toContain('7 dead letters: INVALID_COMMAND 3 open, BAD_MAGIC 2 open');
    for (const position of Object.values(positions)) expect(stdout).toContain(position);

    const bad = JSON.parse((await dlq('list', '--reason', 'BAD_MAGIC', '--json')).stdout);
    expect(bad.letters.map(({ position }: { position: string }) => position).toSorted()).toEqual(
      [positions.stopper, positions.magic].toSorted(),
    );
    expect((await dlq('list', '--order', poisoned)).stdout).toContain('1 dead letter: BAD_MAGIC 1 open');
    expect((await dlq('list', '--until', '2020-01-01')).stdout).toMatch(
      /^no dead letter matches; in total there are \d+ dead letters: /,
    );
    expect((await dlq('list', '--since', '1h', '--max', '1')).stdout).toContain('… and 6 more');
  });

  test('shows one with its headers and bytes, and the expected result of a redrive', async () => {
    const magic = JSON.parse((await dlq('show', positions.magic)).stdout);
    expect(magic).toMatchObject({
      reason: 'BAD_MAGIC',
      attempts: 1,
      record: {
        format: 'text',
        value: 'hello',
        key: poisoned,
        headers: { dlq_reason: 'BAD_MAGIC', from: 'test' },
      },
      ifRedriven: { verdict: 'fail', code: 'BAD_MAGIC' },
    });
    const place = JSON.parse((await dlq('show', positions.place)).stdout);
    expect(place).toMatchObject({
      record: { format: 'command', value: { type: 'PLACE', orderId: astray } },
      ifRedriven: { verdict: 'pass', partition: partitionOfOrder(astray) },
    });
    expect(await dlq('show', '0-999999')).toMatchObject({ code: 1 });
    expect(await dlq('show', 'nonsense')).toMatchObject({ code: 2 });
  });

  test('shows in a dry run what would succeed, and changes nothing', async () => {
    const { stdout, code } = await dlq('redrive', '--all', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('2 would now pass, 5 held back (BAD_MAGIC 2');
    expect(stdout).toContain(`${positions.stopper} of the same key comes before it`);
    expect((await dlq('redrive', positions.cancel, '--dry-run')).stdout).toContain('0 would now pass');
    expect((await dlq('list')).stdout).toContain('7 dead letters');
  });

  test('sends what would succeed, in order, to the right partition, and records the operator', async () => {
    const { stdout, code } = await dlq('redrive', '--all', '--rate', '50/s', '--by', 'alice');
    expect(stdout).toContain('2 sent, 5 held back');
    expect(code).toBe(1);
    await arena.quiesce();

    expect(await orderRow(astray)).toEqual({ status: 'CANCELLED', version: 2 });
    const listed = (await dlq('list', '--all')).stdout;
    expect(listed).toMatch(/REDRIVEN by alice: sent to \d+-\d+ as attempt 2/);
    expect(listed).toContain('INVALID_COMMAND 2 redriven');
    expect(await dlq('redrive', positions.place)).toMatchObject({ code: 1 });
  });

  test('may send one twice, if a run ended before it was marked; the order does not change', async () => {
    await arena.mysql.pool.write("UPDATE dead_letters SET status = 'OPEN' WHERE status = 'REDRIVEN'");
    expect((await dlq('redrive', '--order', astray)).stdout).toContain('2 sent');
    await arena.quiesce();
    expect(await orderRow(astray)).toEqual({ status: 'CANCELLED', version: 2 });
    const [stock] = await arena.mysql.pool.rows<{ available: number }>('SELECT available FROM stock');
    expect(stock).toEqual({ available: 100 });
  });

  test('counts the attempts of a dead letter that fails again, and stops at the limit', async () => {
    expect((await dlq('redrive', positions.magic, '--force')).stdout).toBe('1 sent\n');
    await arena.quiesce();
    const { letters } = JSON.parse((await dlq('list', '--order', poisoned, '--json')).stdout);
    expect(letters).toMatchObject([{ reason: 'BAD_MAGIC', attempts: 2, status: 'OPEN' }]);
    const [again] = letters;
    const shown = JSON.parse((await dlq('show', again.position)).stdout);
    expect(shown.record.headers).toMatchObject({
      redrive_of: positions.magic,
      from: 'test',
      dlq_attempts: '2',
    });

    const { stdout, code } = await dlq('redrive', again.position, '--force', '--max-attempts', '2');
    expect(stdout).toContain('it was tried 2 times, the limit is 2');
    expect(code).toBe(1);
  });

  test('leaves logs and tables in which verify finds no fault', async () => {
    await arena.quiesce();
    expect(complaints(await arena.verify())).toEqual([]);
  });

  test('reports what is wrong with its arguments', async () => {
    expect(await dlq('redrive')).toMatchObject({ code: 2 });
    expect(await dlq('redrive', '3/4')).toMatchObject({ code: 2 });
    const unknown = await dlq('redrive', positions.magic, '0-999999');
    expect(unknown).toMatchObject({
      code: 1,
      stderr: 'orderstream: there is no such dead letter: 0-999999\n',
    });
    expect(await dlq('redrive', '--all', '--rate', '0')).toMatchObject({ code: 2 });
  });
});

function dlq(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...arena.env };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['cli/main.ts', 'dlq', ...args],
      { cwd: root, env },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

async function orderRow(orderId: string) {
  const [row] = await arena.mysql.pool.rows<{ status: string; version: number }>(
    `SELECT status, version FROM orders WHERE order_id = x'${orderId.replaceAll('-', '')}'`,
  );
  return row;
}

/** A valid command in a wrong partition. It is dead-lettered there, and succeeds in its own partition. */
function sendAstray(command: Parameters<typeof arena.codecs.commands.encode>[0]): Promise<string> {
  return sendRaw(command.orderId!, arena.codecs.commands.encode(command), elsewhere(command.orderId!));
}

async function sendRaw(
  orderId: string,
  value: Buffer,
  to = partitionOfOrder(orderId),
  headers: Record<string, string> = { from: 'test' },
): Promise<string> {
  const { partition, offset } = await producer.sendRaw({
    partition: to,
    key: Buffer.from(orderId),
    value,
    headers,
  });
  return `${partition}-${offset}`;
}

function elsewhere(orderId: string): number {
  return (partitionOfOrder(orderId) + 1) % PARTITIONS;
}
