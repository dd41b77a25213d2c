/**
 * The servers of a checkout with an unusual path. The path has spaces, non-ASCII letters, and characters with
 * a meaning in URLs and shells.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheDir } from '../../../stack/downloads/cache.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const temporary = mkdtempSync(path.join(tmpdir(), 'os-paths-'));
const checkout = path.join(temporary, "my shop é #1 (50%) o'neill 注文");
const parts = ['cli', 'services', 'stack', 'schemas', 'topics', 'package.json'];
const name = 't-paths';

beforeAll(() => {
  for (const part of parts) cpSync(path.join(root, part), path.join(checkout, part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
  mkdirSync(path.join(checkout, 'cache'));
  symlinkSync(cacheDir(), path.join(checkout, 'cache', 'orderstream'));
});
afterAll(async () => {
  await orderstream(['stack', 'reset', '--name', name]);
  rmSync(temporary, { recursive: true, force: true });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** `npx orderstream` of that checkout, in the C locale, without servers from the environment. */
function orderstream(args: string[], cache = path.join(checkout, 'cache')): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    JAVA_HOME: process.env['JAVA_HOME'],
    XDG_CACHE_HOME: cache,
    LANG: 'C',
    LC_ALL: 'C',
  };
  return new Promise((resolve) => {
    const command = [path.join(checkout, 'cli', 'orderstream.js'), ...args];
    execFile(process.execPath, command, { cwd: checkout, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test('all four servers start and stop there', async () => {
  const up = await orderstream(['stack', 'up', '--name', name, '--mysql-pool-mb', '64']);
  expect(up).toMatchObject({ code: 0, stderr: '' });
  const status = await orderstream(['stack', 'status', '--name', name]);
  expect(status.stdout.match(/^(kafka|registry|mysql|redis) +answers /gm)).toHaveLength(4);
  const down = await orderstream(['stack', 'down', '--name', name]);
  expect(down.stdout.match(/^(kafka|registry|mysql|redis): stopped$/gm)).toHaveLength(4);
}, 120_000);

test('a path in which they cannot work is refused in one sentence, before the first file is written', async () => {
  const args = ['stack', 'up', '--name', 't-colon'];
  const { code, stdout, stderr } = await orderstream(args, path.join(temporary, 'a:b'));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^The cache of downloads is .*a:b\/orderstream, and Java, MariaDB or npm cannot work in a path with the character ":"; use another folder\.\n$/,
  );
  expect(existsSync(path.join(checkout, '.stack', 't-colon'))).toBe(false);
});

test('a checkout in which npm cannot work is refused in one sentence, before npm installs a package', async () => {
  const folder = path.join(temporary, 'a:b', 'scripts');
  cpSync(path.join(root, 'scripts', 'install.cjs'), path.join(folder, 'install.cjs'));
  const ended = await new Promise<Ended>((resolve) => {
    execFile(process.execPath, [path.join(folder, 'install.cjs')], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(
    /^The path of this checkout, .*a:b, holds the character ":", which npm cannot work with; move it\.\n$/,
  );
});
