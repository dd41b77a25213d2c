/**
 * `orderstream webhooks reencrypt`: encrypts clear-text secrets and secrets of older keys with the newest key.
 * Their values do not change.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { reencrypt } from '../../../cli/webhooks/reencrypt.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { createSecretBox, keyIdOf, makeKey } from '../../../services/shared/secrets/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const database = useDatabase('cli-webhooks');
const [lost, old, fresh] = [makeKey('lost'), makeKey('2025'), makeKey('2026')];
const box = createSecretBox([fresh, old]);
let mysql: Mysql;

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
});
afterAll(() => mysql.close());
beforeEach(() => mysql.pool.write('DELETE FROM webhook_endpoints'));

const ownerOf = (endpointId: string) => ({ endpointId, customerId: 'c1' });

async function addEndpoint(id: string, secret: string, previous: string | null = null): Promise<void> {
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, previous_secret, created_at_ms, updated_at_ms)
     VALUES (?, 'c1', 'https://shop.example.com/', ?, ?, 1, 1)`,
    [id, secret, previous],
  );
}

interface SecretRow {
  endpoint_id: string;
  secret: string;
  previous_secret: string | null;
  updated_at_ms: number;
}

const stored = () =>
  mysql.pool.rows<SecretRow>(
    'SELECT endpoint_id, secret, previous_secret, updated_at_ms FROM webhook_endpoints ORDER BY endpoint_id',
  );

function reencryptCommand(
  keys: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, MYSQL_URL: database().url, WEBHOOK_SECRET_KEYS: keys };
  return new Promise((resolve) => {
    const command = ['cli/main.ts', 'webhooks', 'reencrypt', ...args];
    execFile(process.execPath, command, { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test('afterwards every secret has the newest key and the same value, and a second run changes nothing', async () => {
  await addEndpoint('e1', 'whsec_clear', createSecretBox([old]).seal('whsec_before', ownerOf('e1')));
  await addEndpoint('e2', createSecretBox([old]).seal('whsec_old', ownerOf('e2')));
  await addEndpoint('e3', box.seal('whsec_new', ownerOf('e3')));
  const keys = `${fresh},${old}`;
  expect((await reencryptCommand(keys, '--dry-run')).stdout).toContain('2 endpoints would be encrypted');
  expect((await stored())[0]?.secret).toBe('whsec_clear');
  expect(await reencryptCommand(keys)).toMatchObject({ code: 0 });
  const rows = await stored();
  for (const row of rows) {
    expect(keyIdOf(row.secret)).toBe('2026');
    // The directory of notification reads changed rows; here no row changed.
    expect(row.updated_at_ms).toBe(1);
  }
  const opened = rows.map((row) => box.open(row.secret, ownerOf(row.endpoint_id)));
  expect(opened).toEqual(['whsec_clear', 'whsec_old', 'whsec_new']);
  expect(box.open(rows[0]!.previous_secret!, ownerOf('e1'))).toBe('whsec_before');
  const again = await reencryptCommand(keys);
  expect(again.stdout).toContain('0 endpoints encrypted with the newest key, 3 have it already');
  const audit = await mysql.pool.rows('SELECT action, subject, details FROM audit_log');
  expect(audit).toEqual([
    { action: 'secrets.reencrypted', subject: 'secrets:2026', details: '{"endpoints":2,"unreadable":0}' },
  ]);
});

test('a secret whose key is not configured is named and not changed', async () => {
  const sealed = createSecretBox([lost]).seal('whsec_lost', ownerOf('e1'));
  await addEndpoint('e1', sealed);
  const { code, stdout } = await reencryptCommand(fresh);
  expect([code, stdout]).toEqual([1, expect.stringContaining('1 cannot be decrypted with these keys: e1')]);
  expect((await stored())[0]?.secret).toBe(sealed);
});

test('a secret that its owner rotates meanwhile keeps the new value', async () => {
  for (let n = 0; n < 501; n++) await addEndpoint(`e${String(n).padStart(3, '0')}`, `whsec_${n}`);
  const rotated = box.seal('whsec_rotated', ownerOf('e000'));
  const result = await withDatabase(database().url, (db) => {
    const query = db.query.bind(db) as (sql: string, values?: unknown) => Promise<unknown>;
    let isFirst = true;
    const racing = new Proxy(db, {
      get: (target, name) =>
        name !== 'query'
          ? Reflect.get(target, name)
          : async (sql: string, values?: unknown) => {
              if (isFirst && sql.startsWith('UPDATE')) {
                isFirst = false;
                await mysql.pool.write('UPDATE webhook_endpoints SET secret = ? WHERE endpoint_id = ?', [
                  rotated,
                  'e000',
                ]);
              }
              return query(sql, values);
            },
    });
    return reencrypt(racing, box, false);
  });
  expect(result).toEqual({ changed: 500, unchanged: 0, unreadable: [] });
  expect((await stored())[0]?.secret).toBe(rotated);
});

test('an invalid key is a usage mistake, and is not printed', async () => {
  const { code, stderr } = await reencryptCommand('2026:c2hvcnQ=');
  expect(code).toBe(2);
  expect(stderr).toContain('WEBHOOK_SECRET_KEYS: key 1 is not <id>:<base64 of 32 bytes>');
  expect(stderr).not.toContain('c2hvcnQ');
});
