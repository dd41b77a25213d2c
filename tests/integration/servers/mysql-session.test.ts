import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../services/shared/log/index.ts';
import {
  type ConnectOptions,
  createMysql,
  type Mysql,
  type Script,
  type Session,
  StatementBuffer,
} from '../../../services/shared/mysql/index.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('mysql-session');
const log = createLogger({ service: 'tests', level: 'silent', instanceId: 'tests' });
let mysql: Mysql;
const sessions: Session[] = [];

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log, queryTimeoutMs: 3000 });
  await mysql.pool.write(
    'CREATE TABLE things (id INT PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0), data LONGBLOB NULL) ENGINE = InnoDB',
  );
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});
afterAll(() => mysql.close());

async function connect(options?: ConnectOptions): Promise<Session> {
  const session = await mysql.connect(options);
  sessions.push(session);
  return session;
}

function scriptOf(...statements: string[]): Script {
  const buffer = new StatementBuffer();
  for (const sql of statements) {
    buffer.begin(sql);
    buffer.end();
  }
  return buffer.script();
}

describe('a session', () => {
  it('has the settings that the statements need', async () => {
    const session = await connect();
    const [row] = await session.rows(
      'SELECT @@transaction_isolation iso, @@innodb_lock_wait_timeout lockWait, @@wait_timeout wait, @@character_set_connection charset, @@sql_mode mode',
    );
    expect(row).toMatchObject({ iso: 'READ-COMMITTED', lockWait: 2, wait: 5, charset: 'utf8mb4' });
    expect(String(row?.['mode'])).toContain('STRICT_ALL_TABLES');
  });

  it('counts matched rows, returns BIGINT as a number if it is exact, and accepts every kind of value', async () => {
    const session = await connect();
    const written = await session.write('INSERT INTO things VALUES (?, ?, ?), (2, 5, NULL)', [
      1,
      2n ** 60n,
      Buffer.from([0, 39, 92, 255]),
    ]);
    expect(written).toMatchObject({ affectedRows: 2, info: expect.stringContaining('Records: 2') });
    expect((await session.write('UPDATE things SET n = n WHERE id = 2')).affectedRows).toBe(1);
    const rows = await session.rows<{ n: number; data: Buffer | null }>(
      'SELECT n, data FROM things ORDER BY id',
    );
    expect(rows).toEqual([
      { n: '1152921504606846976', data: Buffer.from([0, 39, 92, 255]) },
      { n: 5, data: null },
    ]);
  });

  it('runs prepared bytes, in turn with others, and returns its results', async () => {
    const session = await connect();
    const insert = (id: number, data: Uint8Array) => {
      const buffer = new StatementBuffer();
      buffer.begin(`INSERT INTO things (id, n, data) VALUES (${id}, 1, `);
      buffer.blob(data);
      buffer.sql(')');
      buffer.end();
      return buffer.script();
    };
    const every = Buffer.from(Array.from({ length: 65_536 }, (_, at) => [at >> 8, at & 255]).flat());
    // The statement is larger than one packet of the protocol.
    const large = Buffer.alloc(17_000_000, "'\\x");
    const [one, taken, two] = await Promise.allSettled([
      session.run(insert(71, every)),
      session.run(insert(71, every)),
      session.run(insert(72, large)),
      session.write('SET @after = 1'),
    ]);
    expect(one).toMatchObject({ status: 'fulfilled', value: [{ affectedRows: 1 }] });
    expect(taken).toMatchObject({ status: 'rejected', reason: { details: { errno: 1062 } } });
    expect(two).toMatchObject({ status: 'fulfilled', value: [{ affectedRows: 1 }] });
    const [sums] = await session.rows('SELECT SHA2(data, 256) AS sum FROM things WHERE id = 71');
    expect(sums).toMatchObject({ sum: createHash('sha256').update(every).digest('hex') });
    const [{ data } = { data: null }] = await session.rows<{ data: Buffer | null }>(
      'SELECT data FROM things WHERE id = 72',
    );
    expect(data?.equals(large)).toBe(true);
  });

  it('runs the statements of a script and returns each result in order', async () => {
    const session = await connect({ scripts: true });
    const answers = await session.run(
      scriptOf(
        'START TRANSACTION',
        "INSERT INTO things VALUES (80, 1, NULL), (81, 1, ';'), (82, 1, NULL)",
        'UPDATE things SET n = 2 WHERE id IN (80, 81)',
        'SELECT id, n FROM things WHERE id IN (81, 82) ORDER BY id',
        'DELETE FROM things WHERE id = 83',
        'COMMIT',
      ),
    );
    expect(answers.map((answer) => (Array.isArray(answer) ? answer : answer.affectedRows))).toEqual([
      0,
      3,
      2,
      [
        { id: 81, n: 2 },
        { id: 82, n: 1 },
      ],
      0,
      0,
    ]);
    expect(await session.run(scriptOf('SELECT 1 AS one'))).toEqual([[{ one: 1 }]]);
    expect(await session.run([])).toEqual([]);
  });

  it('runs nothing of a script after a failing statement, not even after a deadlock', async () => {
    const [session, other] = await Promise.all([connect({ scripts: true }), connect()]);
    await session.write('REPLACE INTO things VALUES (90, 1, NULL), (91, 1, NULL)');
    await expect(
      session.run(
        scriptOf(
          'START TRANSACTION',
          'UPDATE things SET n = 5 WHERE id = 90',
          'INSERT INTO things VALUES (91, 1, NULL)',
          'INSERT INTO things VALUES (92, 1, NULL)',
          'COMMIT',
        ),
      ),
    ).rejects.toMatchObject({ code: 'MYSQL_DUPLICATE_KEY' });
    expect(session.alive).toBe(true);
    await session.rollback();

    // The victim's transaction is rolled back, so the rest of its script would run outside it. The session
    // that did less is the victim.
    await other.begin();
    const heavy = Array.from({ length: 50 }, (_, index) => `(${1_000 + index}, 1, NULL)`);
    await other.write(`INSERT INTO things VALUES ${heavy.join(',')}`);
    await other.write('UPDATE things SET n = 6 WHERE id = 91');
    await session.begin();
    await session.write('UPDATE things SET n = 7 WHERE id = 90');
    const victim = session.run(
      scriptOf('UPDATE things SET n = 7 WHERE id = 91', 'INSERT INTO things VALUES (92, 1, NULL)'),
    );
    const [ended] = await Promise.allSettled([victim, other.write('UPDATE things SET n = 6 WHERE id = 90')]);
    expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'MYSQL_DEADLOCK' } });
    await other.rollback();
    await session.rollback();
    expect(await session.rows('SELECT id, n FROM things WHERE id BETWEEN 90 AND 92 ORDER BY id')).toEqual([
      { id: 90, n: 1 },
      { id: 91, n: 1 },
    ]);
  });

  it('sends one statement per packet unless scripts are enabled', async () => {
    const session = await connect();
    await expect(session.run(scriptOf('SELECT 1', 'SELECT 2'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(session.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'MYSQL_SCHEMA' });
    expect(await session.run(scriptOf('SELECT 1 AS one'))).toEqual([[{ one: 1 }]]);
  });

  it('sends text without params unchanged, including question marks', async () => {
    const session = await connect();
    expect(await session.rows("SELECT '?' AS q, 'käse 🧀' AS k")).toEqual([{ q: '?', k: 'käse 🧀' }]);
  });

  it.each([
    ['INSERT INTO things VALUES (10, 1, NULL), (10, 1, NULL)', 'MYSQL_DUPLICATE_KEY'],
    ['INSERT INTO things VALUES (11, -1, NULL)', 'MYSQL_CHECK_FAILED'],
    ["INSERT INTO things VALUES (12, 'many', NULL)", 'MYSQL_DATA'],
    ['INSERT INTO things VALUES (13, NULL, NULL)', 'MYSQL_DATA'],
    ['SELECT * FROM nowhere', 'MYSQL_SCHEMA'],
    ['SELEC 1', 'MYSQL_SCHEMA'],
  ])('reports what is wrong with %s and stays usable', async (sql, code) => {
    const session = await connect();
    await expect(session.query(sql)).rejects.toMatchObject({ code });
    expect(session.alive).toBe(true);
    await session.ping();
  });

  it('ends a lock wait after 2 s with a specific error, and stays usable', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.write('REPLACE INTO things VALUES (20, 1, NULL)');
    await one.begin();
    await one.write('UPDATE things SET n = 2 WHERE id = 20');
    await expect(two.write('UPDATE things SET n = 3 WHERE id = 20')).rejects.toMatchObject({
      code: 'MYSQL_LOCK_TIMEOUT',
    });
    expect(two.alive).toBe(true);
    await one.rollback();
  });

  it('names the victim of a deadlock', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.write('REPLACE INTO things VALUES (30, 1, NULL), (31, 1, NULL)');
    await Promise.all([one.begin(), two.begin()]);
    await one.write('UPDATE things SET n = 2 WHERE id = 30');
    await two.write('UPDATE things SET n = 2 WHERE id = 31');
    const results = await Promise.allSettled([
      one.write('UPDATE things SET n = 3 WHERE id = 31'),
      two.write('UPDATE things SET n = 3 WHERE id = 30'),
    ]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ code: 'MYSQL_DEADLOCK', disposition: 'retry' });
  });

  it('is destroyed by a statement that takes too long, and rejects the statements after it', async () => {
    const session = await connect();
    const slow = session.rows('SELECT SLEEP(30)', [], { timeoutMs: 100 });
    const behind = session.rows('SELECT 1');
    await expect(slow).rejects.toMatchObject({ code: 'MYSQL_TIMEOUT' });
    await expect(behind).rejects.toMatchObject({ code: 'MYSQL_TIMEOUT' });
    expect(session.alive).toBe(false);
    await expect(session.rows('SELECT 1')).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
  });

  it('detects at once that the server ended it', async () => {
    const [session, other] = [await connect(), await connect()];
    const waiting = expect(session.rows('SELECT SLEEP(30)')).rejects.toMatchObject({
      code: 'MYSQL_CONNECTION_LOST',
    });
    await other.query(`KILL ${session.connectionId}`);
    await waiting;
    expect(session.alive).toBe(false);
  });

  it('rejects open statements when its owner destroys it', async () => {
    const session = await connect();
    const waiting = session.rows('SELECT SLEEP(30)');
    session.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
  });

  it('closes in order', async () => {
    const session = await connect();
    await session.close();
    expect(session.alive).toBe(false);
    await session.close();
  });
});

describe('a transaction', () => {
  it('commits on success and rolls back on an error, with the first error', async () => {
    const session = await connect();
    await session.transaction((tx) => tx.write('REPLACE INTO things VALUES (40, 1, NULL)'));
    const broken = session.transaction(async (tx) => {
      await tx.write('UPDATE things SET n = 9 WHERE id = 40');
      throw new RangeError('mine');
    });
    await expect(broken).rejects.toThrow(new RangeError('mine'));
    expect(await session.rows('SELECT n FROM things WHERE id = 40')).toEqual([{ n: 1 }]);
  });

  it('leaves nothing written after a lock-wait timeout', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.write('REPLACE INTO things VALUES (50, 1, NULL), (51, 1, NULL)');
    await one.begin();
    await one.write('UPDATE things SET n = 2 WHERE id = 51');
    const half = two.transaction(async (tx) => {
      await tx.write('UPDATE things SET n = 7 WHERE id = 50');
      await tx.write('UPDATE things SET n = 7 WHERE id = 51');
    });
    await expect(half).rejects.toMatchObject({ code: 'MYSQL_LOCK_TIMEOUT' });
    await one.commit();
    expect(await two.rows('SELECT n FROM things WHERE id IN (50, 51) ORDER BY id')).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
  });

  it('reports a transaction as not committed if its connection was killed before COMMIT', async () => {
    const [session, other] = [await connect(), await connect()];
    await other.write('REPLACE INTO things VALUES (60, 1, NULL)');
    const running = session.transaction(async (tx) => {
      await tx.write('UPDATE things SET n = 5 WHERE id = 60');
      await other.query(`KILL ${session.connectionId}`);
      await expect.poll(() => session.alive).toBe(false);
    });
    await expect(running).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
    expect(await other.rows('SELECT n FROM things WHERE id = 60')).toEqual([{ n: 1 }]);
  });
});
