import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.ts';
import { useDatabase } from '../../support/servers/stack.ts';
import { within } from '../../support/within.ts';

const database = useDatabase('mysql-faults');
const log = createLogger({ service: 'tests', level: 'silent', instanceId: 'tests' });
const queryTimeoutMs = 400;
const poolSize = 3;
const waitersMax = 20;
let direct: Mysql;
let faulty: Mysql;
let proxy: TcpProxy;
const sockets = new Set<Socket>();
const remember = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket);

/** Number of open connections of this process to the proxy. */
const ownSockets = (): number =>
  [...sockets].filter((socket) => !socket.destroyed && socket.remotePort === proxy.port).length;

beforeAll(async () => {
  direct = createMysql({ url: database().url, log });
  await direct.pool.write('CREATE TABLE counters (id INT PRIMARY KEY, n INT NOT NULL) ENGINE = InnoDB');
});
afterAll(() => direct.close());

beforeEach(async () => {
  const url = new URL(database().url);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  subscribe('net.client.socket', remember);
  faulty = createMysql({
    url: url.href,
    log,
    poolSize,
    waitersMax,
    queryTimeoutMs,
    connectTimeoutMs: queryTimeoutMs,
  });
});
afterEach(async () => {
  unsubscribe('net.client.socket', remember);
  sockets.clear();
  await faulty.close();
  await proxy.close();
});

const counter = async (id: number) =>
  (await direct.pool.rows<{ n: number }>('SELECT n FROM counters WHERE id = ?', [id]))[0]?.n;

describe('COMMIT with a lost answer', () => {
  it('is COMMIT_UNKNOWN, although the transaction is committed', async () => {
    const session = await faulty.connect();
    await session.begin();
    await session.write('INSERT INTO counters VALUES (1, 1)');
    proxy.swallowAnswers();
    await expect(session.commit()).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', disposition: 'retry' });
    expect(session.alive).toBe(false);
    await expect.poll(() => counter(1)).toBe(1);
  });

  it('is COMMIT_UNKNOWN if the connection breaks meanwhile', async () => {
    const session = await faulty.connect();
    await session.begin();
    await session.write('INSERT INTO counters VALUES (2, 1)');
    proxy.swallowAnswers();
    const committing = session.commit();
    setImmediate(() => proxy.heal());
    await expect(committing).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
  });

  it('is thrown by the helper unchanged', async () => {
    const session = await faulty.connect();
    const running = session.transaction(async (tx) => {
      await tx.write('INSERT INTO counters VALUES (3, 1)');
      proxy.swallowAnswers();
    });
    // The INSERT's answer arrived; the COMMIT's does not.
    await expect(running).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
  });
});

describe('a statement that the frozen server never answers', () => {
  it('fails in time and leaves no socket behind', async () => {
    const session = await faulty.connect();
    expect(ownSockets()).toBe(1);
    proxy.freeze();
    await expect(session.write('DO 1')).rejects.toMatchObject({ code: 'MYSQL_TIMEOUT' });
    await expect.poll(ownSockets).toBe(0);
  });

  it('loses its locks when the server has heard nothing for the wait timeout', async () => {
    const session = await faulty.connect({ waitTimeoutSeconds: 1 });
    await session.begin();
    await session.write('INSERT INTO counters VALUES (10, 1)');
    proxy.freeze();
    // The row lock delayed the statement until then. It did not wait for the 2 s after which a lock wait
    // fails.
    expect(await direct.pool.write('INSERT INTO counters VALUES (10, 5)')).toMatchObject({ affectedRows: 1 });
  });
});

describe('the pool with a frozen server', () => {
  it('answers every caller within a bounded time, keeps no growing queue, and recovers afterwards', async () => {
    await Promise.all(Array.from({ length: poolSize }, () => faulty.pool.rows('SELECT SLEEP(0.02)')));
    proxy.freeze();
    const results = await within(3 * queryTimeoutMs, 'an answer for everybody', () =>
      Promise.allSettled(Array.from({ length: 60 }, () => faulty.pool.rows('SELECT 1'))),
    );
    const codes = new Set(
      results.map((result) => (result.status === 'rejected' ? result.reason.code : 'answered')),
    );
    expect([...codes].sort()).toEqual(expect.arrayContaining(['MYSQL_POOL_EXHAUSTED', 'MYSQL_TIMEOUT']));
    expect(codes).not.toContain('answered');
    expect(faulty.pool.stats()).toMatchObject({ waiting: 0 });
    expect(faulty.pool.stats().size).toBeLessThanOrEqual(poolSize);
    await expect.poll(ownSockets).toBe(0);

    proxy.heal();
    await expect.poll(() => faulty.pool.rows('SELECT 1 AS one').catch(() => null)).toEqual([{ one: 1 }]);
    const again = await Promise.all(
      Array.from({ length: waitersMax }, () => faulty.pool.rows('SELECT 1 AS one')),
    );
    expect(again).toHaveLength(waitersMax);
  });

  it('notices idle connections that were closed', async () => {
    await faulty.pool.rows('SELECT 1');
    expect(faulty.pool.stats()).toMatchObject({ size: 1, idle: 1 });
    proxy.heal();
    await expect.poll(() => faulty.pool.stats()).toMatchObject({ size: 0, idle: 0 });
    expect(await faulty.pool.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('returns the connection after an error of the statement', async () => {
    await expect(faulty.pool.rows('SELECT nothing')).rejects.toMatchObject({ code: 'MYSQL_SCHEMA' });
    await expect(
      faulty.pool.transaction((tx) => tx.write('INSERT INTO nowhere VALUES (1)')),
    ).rejects.toMatchObject({ code: 'MYSQL_SCHEMA' });
    expect(faulty.pool.stats()).toEqual({ size: 1, idle: 1, waiting: 0 });
  });

  it('refuses work once it is closed', async () => {
    await faulty.close();
    await expect(faulty.pool.rows('SELECT 1')).rejects.toMatchObject({ code: 'MYSQL_POOL_EXHAUSTED' });
    await expect.poll(() => proxy.connections()).toBe(0);
  });
});

describe('connecting', () => {
  it('fails in time if the server never sends its greeting', async () => {
    proxy.freeze();
    await expect(faulty.connect()).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
    await expect.poll(ownSockets).toBe(0);
  });

  it('distinguishes a wrong password from an unavailable server', async () => {
    const url = new URL(database().url);
    url.password = 'wrong';
    const locked = createMysql({ url: url.href, log });
    await expect(locked.connect()).rejects.toMatchObject({ code: 'MYSQL_SCHEMA', disposition: 'fatal' });
    await proxy.close();
    await expect(faulty.connect()).rejects.toMatchObject({
      code: 'MYSQL_CONNECTION_LOST',
      disposition: 'retry',
    });
  });

  it('rejects the callers of the pool at once if it fails, not after their wait', async () => {
    const url = new URL(database().url);
    url.port = String(proxy.port);
    // The wait is far longer than a refused connection takes on a busy machine.
    const patient = createMysql({ url: url.href, log, poolSize, waitersMax, queryTimeoutMs: 60_000 });
    onTestFinished(() => patient.close());
    await proxy.close();
    const results = await within(30_000, 'an answer for everybody', () =>
      Promise.allSettled(Array.from({ length: waitersMax }, () => patient.pool.rows('SELECT 1'))),
    );
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'MYSQL_CONNECTION_LOST' } });
  });
});
