import { describe, expect, it } from 'vitest';
import { appError } from '../errors/index.ts';
import { mysqlError } from './errors.ts';
import { bytesToUuid, classifyMysqlError, uuidToBytes, uuidToSql } from './index.ts';
import { parseMysqlUrl } from './target.ts';
import { createWaitQueue } from './wait-queue.ts';

describe('classifyMysqlError', () => {
  it.each([
    [1062, 'duplicateKey'],
    [1213, 'deadlock'],
    [1205, 'lockTimeout'],
    [2006, 'connectionLost'],
    [2013, 'connectionLost'],
    [1053, 'connectionLost'],
    [1927, 'connectionLost'],
    [4031, 'connectionLost'],
    [1290, 'readOnly'],
    [1792, 'readOnly'],
    [1836, 'readOnly'],
    [1040, 'tooManyConnections'],
    [1203, 'tooManyConnections'],
    [1226, 'tooManyConnections'],
    [3024, 'timeout'],
    [1969, 'timeout'],
    [3819, 'checkFailed'],
    [4025, 'checkFailed'],
    [1406, 'data'],
    [1264, 'data'],
    [1366, 'data'],
    [1048, 'data'],
    [1153, 'data'],
    [1146, 'schema'],
    [1054, 'schema'],
    [1064, 'schema'],
    [1045, 'schema'],
    [9999, 'unknown'],
  ] as const)('classifies %i as %s, raw and wrapped', (errno, kind) => {
    const raw = Object.assign(new Error('server says no'), { errno });
    expect(classifyMysqlError(raw)).toBe(kind);
    expect(classifyMysqlError(mysqlError(raw))).toBe(kind);
  });

  it.each([
    [Object.assign(new Error(), { code: 'ECONNRESET', errno: -104 }), 'connectionLost'],
    [Object.assign(new Error(), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }), 'connectionLost'],
    [Object.assign(new Error(), { fatal: true }), 'connectionLost'],
    [appError('MYSQL_TIMEOUT'), 'timeout'],
    [appError('COMMIT_UNKNOWN'), 'connectionLost'],
    [appError('MYSQL_POOL_EXHAUSTED'), 'tooManyConnections'],
    [appError('TOKEN_EXPIRED'), 'unknown'],
    [new TypeError('bug'), 'unknown'],
    ['text', 'unknown'],
    [null, 'unknown'],
  ] as const)('takes %s', (error, kind) => {
    expect(classifyMysqlError(error)).toBe(kind);
  });
});

describe('mysqlError', () => {
  it('keeps number and reason and drops the statement with its data', () => {
    const raw = Object.assign(new Error('Data too long'), {
      errno: 1406,
      sqlState: '22001',
      sql: "VALUES ('Jane Doe')",
    });
    const error = mysqlError(raw);
    expect(error).toMatchObject({
      code: 'MYSQL_DATA',
      disposition: 'deadLetter',
      details: { errno: 1406, sqlState: '22001' },
    });
    expect((error.cause as { sql?: string }).sql).toBeUndefined();
  });
});

describe('parseMysqlUrl', () => {
  it('decodes its parts', () => {
    expect(parseMysqlUrl('mysql://o%40s:p%2Fw@[::1]:3307/shop')).toEqual({
      host: '::1',
      port: 3307,
      user: 'o@s',
      password: 'p/w',
      database: 'shop',
      tls: null,
    });
    expect(parseMysqlUrl('mysql://u@db/x?tls=true').tls).toEqual({});
    expect(parseMysqlUrl('mysql://u@db/')).toMatchObject({ port: 3306, database: undefined, tls: null });
  });

  it.each([
    'nonsense',
    'http://db/x',
    'mysql://u:hunter2@db/x?multipleStatements=true',
    'mysql://db/x?tls=maybe',
    'mysql://u:hunter2@db/x?ca=/etc/ca.pem',
    'mysql://u:hunter2@db/x?tls=true&ca=/nowhere/ca.pem',
    'mysql://u:hunter2@db/x?tls=true&cert=/etc/tls.crt',
    'mysql://u:hunter2@db/x?tls=true&tls=false',
    'mysql://u:hunter2%@db/x',
    'mysql://u:hunter2@10.0.0.1/x?tls=true',
    'mysql://u:hunter2@[::1]/x?tls=true',
  ])('refuses %s without repeating a password', (text) => {
    expect(() => parseMysqlUrl(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => parseMysqlUrl(text)).not.toThrow(/hunter2/);
  });
});

describe('ids', () => {
  it('turns a UUID into 16 bytes and back', () => {
    const id = '0123abcd-4567-89ab-cdef-0123456789ab';
    expect(uuidToBytes(id).toString('hex')).toBe('0123abcd456789abcdef0123456789ab');
    expect(bytesToUuid(uuidToBytes(id))).toBe(id);
    expect(uuidToSql(id)).toBe("x'0123abcd456789abcdef0123456789ab'");
  });

  it.each(['', 'x', '0123ABCD-4567-89AB-CDEF-0123456789AB', '0123abcd456789abcdef0123456789ab'])(
    'refuses %j',
    (id) => {
      expect(() => uuidToBytes(id)).toThrow(RangeError);
      expect(() => uuidToSql(id)).toThrow(RangeError);
    },
  );

  it('refuses another length of bytes', () => {
    expect(() => bytesToUuid(Buffer.alloc(15))).toThrow(RangeError);
  });
});

describe('createWaitQueue', () => {
  const queue = (lengthMax: number, timeoutMs: number) =>
    createWaitQueue<number>({ lengthMax, timeoutMs, onServed: () => undefined });

  it('serves callers in order of arrival', async () => {
    const line = queue(10, 1000);
    const waiting = [line.wait(), line.wait()];
    expect([line.give(1), line.give(2), line.give(3)]).toEqual([true, true, false]);
    expect(await Promise.all(waiting)).toEqual([1, 2]);
  });

  it('refuses callers above its length at once, and all callers on request', async () => {
    const line = queue(1, 1000);
    const first = line.wait();
    await expect(line.wait()).rejects.toMatchObject({ code: 'MYSQL_POOL_EXHAUSTED' });
    line.refuseAll(appError('ABORTED'));
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect(line.length).toBe(0);
  });

  it('does not serve a caller that has timed out', async () => {
    const line = queue(1, 5);
    await expect(line.wait()).rejects.toMatchObject({ code: 'MYSQL_POOL_EXHAUSTED' });
    expect(line.give(1)).toBe(false);
  });
});
