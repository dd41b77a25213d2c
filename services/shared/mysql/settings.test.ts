import { describe, expect, it } from 'vitest';
import { createLogger } from '../log/index.ts';
import { applySettings } from './settings.ts';
import type { Session } from './types.ts';

const log = createLogger({ service: 't', level: 'silent', instanceId: 't' });

/** A session that stores the variables of a `SET`, except for the values on which the server `insists`. */
function fakeSession(insists: Record<string, unknown> = {}) {
  const values: Record<string, unknown> = {
    character_set_client: 'utf8mb4',
    character_set_connection: 'utf8mb4',
    character_set_results: 'utf8mb4',
    flush_log: 1,
  };
  const session = {
    async write(sql: string) {
      for (const [, name, text, number] of sql.matchAll(/SESSION (\w+) = (?:'([^']*)'|(\d+))/g)) {
        values[name!] = text ?? Number(number);
      }
    },
    rows: async () => [{ ...values, ...insists }],
  };
  return { session: session as unknown as Session, values };
}

describe('applySettings', () => {
  it('sets isolation, time-outs and strictness, whatever the server’s defaults are', async () => {
    const { session, values } = fakeSession();
    await applySettings(session, log, { waitTimeoutSeconds: 5 });
    expect(values).toMatchObject({
      transaction_isolation: 'READ-COMMITTED',
      autocommit: 1,
      innodb_lock_wait_timeout: 2,
      lock_wait_timeout: 5,
      wait_timeout: 5,
      time_zone: '+00:00',
      sql_mode: expect.stringContaining('STRICT_ALL_TABLES'),
    });
  });

  it.each([
    ['transaction_isolation', 'REPEATABLE-READ'],
    ['innodb_lock_wait_timeout', 50],
    ['wait_timeout', 28800],
    ['sql_mode', ''],
    ['character_set_connection', 'latin1'],
  ])('refuses a server that insists on another %s', async (name, value) => {
    const { session } = fakeSession({ [name]: value });
    await expect(applySettings(session, log, { waitTimeoutSeconds: 5 })).rejects.toMatchObject({
      code: 'MYSQL_SETTINGS',
      details: { problems: [expect.stringContaining(`${name} is ${value}`)] },
    });
  });

  it('accepts the modes of a server in any order', async () => {
    const { session, values } = fakeSession();
    await applySettings(session, log, { waitTimeoutSeconds: 5 });
    const turned = fakeSession({ sql_mode: String(values['sql_mode']).split(',').reverse().join(',') });
    await applySettings(turned.session, log, { waitTimeoutSeconds: 5 });
  });
});
