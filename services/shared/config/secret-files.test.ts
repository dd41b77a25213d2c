import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '../errors/index.ts';
import { int, loadConfig, secret, secretList, url } from './index.ts';

const fields = {
  key: secret('KEY', { lengthMin: 8 }),
  keys: secretList('KEYS', { default: [] }),
  at: url('AT', { default: '' }),
  port: int('PORT', { default: 1 }),
};
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'secret-files-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function fileWith(text: string): string {
  const path = join(dir, `${Math.random()}`);
  writeFileSync(path, text);
  return path;
}

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env, fields);
  } catch (error) {
    if (error instanceof AppError) return error.details['problems'] as string[];
    throw error;
  }
  return [];
}

it('reads secrets and URLs from files, without the line end', () => {
  const env = {
    KEY_FILE: fileWith('hunter2hunter2\n'),
    KEYS_FILE: fileWith('one,two\r\n'),
    AT_FILE: fileWith('http://u:p@host/'),
  };
  expect(loadConfig(env, fields)).toMatchObject({
    key: 'hunter2hunter2',
    keys: ['one', 'two'],
    at: 'http://u:p@host/',
  });
});

it('refuses a secret that is set twice', () => {
  expect(problemsOf({ KEY: 'hunter2hunter2', KEY_FILE: fileWith('hunter2hunter2') })).toEqual([
    'KEY is set twice, directly and by KEY_FILE',
  ]);
});

it('names the variable of a missing file and shows neither path nor text', () => {
  expect(problemsOf({ KEY_FILE: join(dir, 'hunter2') })).toEqual([
    'KEY cannot be read from the file of KEY_FILE: ENOENT',
  ]);
  expect(problemsOf({ KEY_FILE: fileWith('hunter2') })).toEqual(['KEY is shorter than 8 characters']);
});

it('counts an empty file as unset, and refuses a file that is too long', () => {
  expect(problemsOf({ KEY_FILE: fileWith('\n') })).toEqual(['KEY is not set']);
  expect(problemsOf({ KEY_FILE: fileWith('x'.repeat(70_000)) })).toEqual([
    'KEY cannot be read from the file of KEY_FILE: is longer than 65536 bytes',
  ]);
});

it('reads no file for a setting that is no secret', () => {
  expect(loadConfig({ KEY: 'hunter2hunter2', PORT_FILE: '/nowhere' }, fields).port).toBe(1);
});
