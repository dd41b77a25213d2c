import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceProcesses } from '../../../stack/services.ts';
import { AppError } from '../errors/index.ts';
import {
  configFields,
  configSections,
  flag,
  int,
  loadConfig,
  secret,
  str,
  url,
  withConfigFile,
} from './index.ts';

const fields = {
  rate: int('RATE', { default: 1 }),
  level: str('LEVEL', { default: 'info' }),
  key: secret('KEY', { default: '' }),
  at: url('AT', { default: '' }),
  intakeOn: flag('intake'),
};
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-file-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function envWith(content: unknown, env: Record<string, string> = {}): Record<string, string> {
  const path = join(dir, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { ...env, CONFIG_FILE: path };
}

it('is read twice within 10 s by default, so that a change arrives in that time', () => {
  expect(2 * loadConfig({}, configFields).configPollMs).toBeLessThanOrEqual(10_000);
});

const read = (env: Record<string, string>) => loadConfig(withConfigFile(env, 'ingestion', fields), fields);

function problemsOf(content: unknown): string[] {
  try {
    read(envWith(content));
  } catch (error) {
    if (error instanceof AppError) return error.details['problems'] as string[];
    throw error;
  }
  return [];
}

describe('withConfigFile', () => {
  it('takes the settings of all services, of its own and the flags, before the environment', () => {
    const env = envWith(
      {
        all: { LEVEL: 'debug' },
        ingestion: { RATE: 7 },
        worker: { WRITERS: 2 },
        flags: { intake: false, mail: 'off' },
      },
      { RATE: '3', LEVEL: 'warn' },
    );
    expect(read(env)).toMatchObject({ rate: 7, level: 'debug', intakeOn: false });
  });

  it('leaves the environment as it is without a file', () => {
    expect(read({ RATE: '3' })).toMatchObject({ rate: 3, intakeOn: true });
  });

  it('lists every problem without showing a value', () => {
    const problems = problemsOf({
      all: { RATES: 1, KEY: 'hunter2', AT: 'http://u:hunter2@host', LEVEL: ['hunter2'] },
      ingestoin: {},
      worker: [],
      flags: { batches: true },
    });
    expect(problems).toEqual([
      'CONFIG_FILE: there is no section ingestoin',
      'CONFIG_FILE: the section worker is not a JSON object',
      'CONFIG_FILE: RATES in section all is no setting of ingestion',
      'CONFIG_FILE: KEY in section all is a secret; use the variable KEY_FILE instead',
      'CONFIG_FILE: AT in section all is a secret; use the variable AT_FILE instead',
      'CONFIG_FILE: LEVEL in section all is not a text, a number, true or false',
      'CONFIG_FILE: there is no flag batches',
    ]);
  });

  it.each(['{"all": hunter2', 'null', '[]'])('refuses %s without quoting it', (text) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^CONFIG_FILE is not/);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('refuses a setting that is there twice', () => {
    expect(problemsOf({ all: { RATE: 1 }, ingestion: { RATE: 2 } })).toEqual([
      'CONFIG_FILE: RATE in section ingestion is there twice',
    ]);
  });
});

it('has a section for each service', () => {
  const services = serviceProcesses.flatMap(({ entry }) => /^services\/([a-z-]+)\//.exec(entry)?.[1] ?? []);
  expect(new Set(services)).toEqual(new Set(configSections));
});
