import { describe, expect, it } from 'vitest';
import { AppError } from '../errors/index.ts';
import {
  bool,
  describeConfig,
  durationMs,
  int,
  list,
  loadConfig,
  mysqlFields,
  oneOf,
  secret,
  str,
  url,
  withoutPassword,
} from './index.ts';

const fields = {
  port: int('PORT', { default: 8080, min: 1, max: 65535 }),
  brokers: list('BROKERS', { default: ['a:1'] }),
  mode: oneOf('MODE', ['fast', 'safe'], { default: 'safe' }),
  linger: durationMs('LINGER', { default: 3, max: 10_000 }),
  ssl: bool('SSL', { default: false }),
  key: secret('KEY', { lengthMin: 8 }),
};

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError && error.code === 'CONFIG_INVALID')
      return error.details['problems'] as string[];
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('reads every kind of field, uses defaults for unset or empty ones, and freezes the result', () => {
    const config = loadConfig(
      { KEY: 'long enough', BROKERS: 'a:1, b:2', LINGER: '2s', SSL: 'yes', MODE: '' },
      fields,
    );
    expect(config).toEqual({
      port: 8080,
      brokers: ['a:1', 'b:2'],
      mode: 'safe',
      linger: 2000,
      ssl: true,
      key: 'long enough',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('lists all problems at once, by variable, without repeating the values', () => {
    const env = {
      PORT: '70000',
      BROKERS: 'a,,b',
      MODE: 'quick',
      LINGER: 'soon',
      SSL: 'perhaps',
      KEY: 'hunter2',
    };
    const problems = problemsOf(() => loadConfig(env, fields));
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'BROKERS',
      'MODE',
      'LINGER',
      'SSL',
      'KEY',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each(['1e3', '0x10', '1.5', ' 1', '99999999999999999999', '-1'])(
    'does not accept %j as a whole number',
    (PORT) => {
      expect(problemsOf(() => loadConfig({ PORT }, { port: int('PORT') }))).toHaveLength(1);
    },
  );

  it('names a required variable that is not set', () => {
    expect(problemsOf(() => loadConfig({}, mysqlFields))).toEqual(['MYSQL_URL is not set']);
  });

  it('checks cross-field rules once every field is valid', () => {
    const range = { low: int('LOW'), high: int('HIGH') };
    const rule = ({ low, high }: { low: number; high: number }) =>
      low < high ? [] : ['LOW must be below HIGH'];
    expect(problemsOf(() => loadConfig({ LOW: '5', HIGH: '5' }, range, rule))).toEqual([
      'LOW must be below HIGH',
    ]);
    expect(problemsOf(() => loadConfig({ LOW: 'x', HIGH: '5' }, range, rule))).toEqual([
      'LOW is not a whole number',
    ]);
  });
});

describe('describeConfig', () => {
  const env = { KEY: 'hunter22', MYSQL_URL: 'mysql://os:hunter22@db:3306/os', NAME: 'n' };
  const config = loadConfig(env, { key: fields.key, ...mysqlFields, name: str('NAME') });

  it('hides secrets and the password in a URL', () => {
    expect(describeConfig(config)).toEqual({
      key: '[hidden]',
      mysqlUrl: 'mysql://os:hidden@db:3306/os',
      name: 'n',
    });
  });

  it('shows no text of an object whose secrets are unknown', () => {
    expect(describeConfig({ ...config, port: 1 })).toEqual({
      key: '[hidden]',
      mysqlUrl: '[hidden]',
      name: '[hidden]',
      port: 1,
    });
  });
});

describe('withoutPassword', () => {
  it.each([
    ['mysql://os:hunter22@db:3306/os', 'mysql://os:hidden@db:3306/os'],
    ['redis://:hunter22@cache:6379', 'redis://:hidden@cache:6379'],
    ['mysql://db/os?user=os&password=hunter22', 'mysql://db/os?user=os&password=hidden'],
    ['mysql://os:hunter/22@db:3306/os', 'mysql://hidden@db:3306/os'],
    ['http://registry:8081/path', 'http://registry:8081/path'],
    ['kafka-1:9092,kafka-2:9092', 'kafka-1:9092,kafka-2:9092'],
  ])('shows %s as %s', (text, shown) => {
    expect(withoutPassword(text)).toBe(shown);
  });
});

describe('url', () => {
  it('requires an allowed protocol', () => {
    const field = { at: url('AT', { protocols: ['http', 'https'] }) };
    expect(problemsOf(() => loadConfig({ AT: 'ftp://x' }, field))).toEqual([
      'AT must begin with http:// or https://',
    ]);
    expect(loadConfig({ AT: 'http://x' }, field).at).toBe('http://x');
  });
});
