import { describe, expect, it } from 'vitest';
import { appError } from '../errors/index.ts';
import {
  createLiveConfig,
  derived,
  expiredFlags,
  flag,
  flagTable,
  int,
  live,
  loadConfig,
  mysqlFields,
  secretList,
} from './index.ts';

const fields = {
  rate: live(int('RATE')),
  keys: live(secretList('KEYS')),
  port: int('PORT'),
  ...mysqlFields,
};
interface Values {
  readonly rate: number;
  readonly keys: readonly string[];
  readonly mysqlUrl: string;
}
const url = 'mysql://u:first@db/os';

/** Settings whose environment a test changes, with the log lines and the metrics. */
function world() {
  const env: Record<string, string> = { RATE: '1', KEYS: 'hunter2', PORT: '1', MYSQL_URL: url };
  let broken = false;
  const lines: { level: string; data: object; text: string }[] = [];
  const metrics = new Map<string, number>();
  const log = Object.fromEntries(
    ['info', 'warn', 'error'].map((level) => [
      level,
      (data: object, text: string) => lines.push({ level, data, text }),
    ]),
  );
  const config = createLiveConfig<Values>({
    fields,
    initial: loadConfig(env, fields),
    read() {
      if (broken) throw appError('CONFIG_INVALID', { problems: ['CONFIG_FILE is not valid JSON'] });
      return loadConfig(env, fields);
    },
    log: log as never,
    metrics: { set: ((name: string, value: number) => void metrics.set(name, value)) as never },
  });
  return {
    config,
    env,
    lines,
    metrics,
    setBroken(is: boolean) {
      broken = is;
    },
  };
}

describe('createLiveConfig', () => {
  it('replaces the snapshot after a change, and logs the variables but no secret', () => {
    const { config, env, lines, metrics } = world();
    const { now } = config;
    const seen: number[] = [];
    config.onChange(({ rate }) => seen.push(rate));
    const hash = metrics.get('config_hash');
    Object.assign(env, { RATE: '2', KEYS: 'hunter2,hunter3' });
    config.poll();
    expect(now).toMatchObject({ rate: 1, keys: ['hunter2'] });
    expect(config.now).toMatchObject({ rate: 2, keys: ['hunter2', 'hunter3'] });
    expect(seen).toEqual([2]);
    expect(lines).toEqual([
      {
        level: 'info',
        data: { changed: ['RATE', 'KEYS'] },
        text: 'the process uses the changed configuration',
      },
    ]);
    expect(metrics.get('config_hash')).not.toBe(hash);
  });

  it('keeps snapshot and values that did not change', () => {
    const { config, env, lines } = world();
    const { now } = config;
    config.poll();
    expect(config.now).toBe(now);
    env['RATE'] = '2';
    config.poll();
    expect(config.now.keys).toBe(now.keys);
    expect(lines).toHaveLength(1);
  });

  it('keeps the last good settings after an error, and logs the error once', () => {
    const { config, env, lines, metrics, setBroken } = world();
    env['RATE'] = 'hunter2';
    config.poll();
    config.poll();
    expect(config.now.rate).toBe(1);
    expect(metrics.get('config_reload_ok')).toBe(0);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', data: { problems: ['RATE is not a whole number'] } }),
    ]);
    setBroken(true);
    config.poll();
    expect(lines).toHaveLength(2);
    setBroken(false);
    env['RATE'] = '1';
    config.poll();
    expect(metrics.get('config_reload_ok')).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'info', data: { changed: [] } });
  });

  it('warns once about settings that need a restart, and keeps their values', () => {
    const { config, env, lines, metrics } = world();
    Object.assign(env, { PORT: '2', MYSQL_URL: 'mysql://u:first@elsewhere/os' });
    config.poll();
    config.poll();
    expect(config.now.mysqlUrl).toBe(url);
    expect(metrics.get('config_restart_needed')).toBe(2);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', data: { waiting: ['PORT', 'MYSQL_URL'] } }),
    ]);
    Object.assign(env, { PORT: '1', MYSQL_URL: url });
    config.poll();
    expect(metrics.get('config_restart_needed')).toBe(0);
  });

  it('follows user and password of a database URL', () => {
    const { config, env, metrics } = world();
    env['MYSQL_URL'] = 'mysql://v:second@db/os';
    config.poll();
    expect(config.now.mysqlUrl).toBe('mysql://v:second@db/os');
    expect(metrics.get('config_restart_needed')).toBe(0);
    env['MYSQL_URL'] = 'mysql://v:%zz@db/os';
    config.poll();
    expect(config.now.mysqlUrl).toBe('mysql://v:second@db/os');
    expect(metrics.get('config_reload_ok')).toBe(0);
  });
});

it('derived makes its value again only after its settings changed', () => {
  let settings = ['a'];
  let made = 0;
  const value = derived(
    () => settings,
    (present) => {
      made += 1;
      return present.join();
    },
  );
  expect([value(), value(), made]).toEqual(['a', 'a', 1]);
  settings = ['b'];
  expect([value(), value(), made]).toEqual(['b', 'b', 2]);
});

it('names the expired flags of a service with owner and date', () => {
  const own = { mailOn: flag('mail') };
  const { owner, expires } = flagTable.mail;
  expect(expiredFlags(own, Date.parse(expires) - 1)).toEqual([]);
  expect(expiredFlags(own, Date.parse(expires))).toEqual([{ flag: 'mail', owner, expires }]);
});
