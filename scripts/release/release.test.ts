/** Makes a release in a copy of the repository, with a registry of its own. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from './git.ts';
import { productionPackages } from './lockfile.ts';
import { currentVersion, versionsIn } from './versions.ts';

const root = path.resolve(import.meta.dirname, '../..');
const clone = mkdtempSync(path.join(tmpdir(), 'release-'));
const version = '99.0.0';
const protoFile = 'schemas/proto/orderstream/v1/orders.proto';
const manifest = '{"schemaVersion":2}';
const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
const run = promisify(execFile);
const asked: string[] = [];
let registry: Server | undefined;
let mirror = '';

beforeAll(async () => {
  copyRepository();
  registry = createServer((request, response) => {
    const { port } = registry!.address() as AddressInfo;
    if (request.url?.startsWith('/token')) return response.end('{"token":"t"}');
    if (request.headers.authorization !== 'Bearer t') {
      const realm = `Bearer realm="http://127.0.0.1:${port}/token",service="tests",scope="pull"`;
      return response.writeHead(401, { 'www-authenticate': realm }).end();
    }
    asked.push(request.url!);
    return response.writeHead(200, { 'docker-content-digest': digest }).end(manifest);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => registry!.once('listening', resolve));
  mirror = `http://127.0.0.1:${(registry!.address() as AddressInfo).port}`;
});
afterAll(async () => {
  registry?.close();
  await rm(clone, { recursive: true, force: true });
});

/** Clones without copying objects, and commits local changes on top, so that the test runs on the code at hand. */
function copyRepository(): void {
  git(root, 'clone', '--quiet', '--shared', '--no-tags', root, clone);
  const changed = ['diff', '--name-only', '--no-renames', 'HEAD'];
  const added = ['ls-files', '--others', '--exclude-standard'];
  for (const file of [changed, added].flatMap((command) => git(root, ...command, '-z').split('\0'))) {
    if (file === '') continue;
    if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(clone, file));
    else rmSync(path.join(clone, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(clone, 'node_modules'));
  writeFileSync(path.join(clone, '.git/info/exclude'), 'node_modules\n');
  appendFileSync(path.join(clone, protoFile), '// An addition since the last release.\n');
  git(clone, 'config', 'user.name', 'tests');
  git(clone, 'config', 'user.email', 'tests@example.com');
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '--message', 'start');
}

async function release(...args: string[]): Promise<{ code: number; output: string }> {
  const all = ['scripts/release/main.ts', ...args, '--mirror', mirror];
  try {
    const { stdout } = await run(process.execPath, all, { cwd: clone });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const state = (): string[] => [
  git(clone, 'rev-parse', 'HEAD'),
  git(clone, 'status', '--porcelain'),
  git(clone, 'tag'),
];

describe('a release', () => {
  it('in a dry run prints each step and changes nothing', async () => {
    const before = state();
    const { code, output } = await release(version, '--dry-run');
    expect(output).toContain('dry run: nothing was changed');
    expect(code).toBe(0);
    for (const text of [
      `${currentVersion(clone)} -> ${version}`,
      `## ${version}, `,
      `nodejs26-debian13:nonroot@${digest}`,
      'release:openapi',
      `dist/orderstream-${version}.cdx.json`,
      `tag v${version}`,
      'docker build',
    ]) {
      expect(output).toContain(text);
    }
    expect(state()).toEqual(before);
  });

  it('is refused with local changes, an older version, or none', async () => {
    const before = state();
    expect(await release('0.9.0', '--dry-run')).toMatchObject({ code: 1 });
    expect(await release('next')).toMatchObject({ code: 2 });
    writeFileSync(path.join(clone, 'README.md'), 'changed');
    const { code, output } = await release(version);
    git(clone, 'checkout', '--quiet', 'README.md');
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('local changes') });
    expect(state()).toEqual(before);
  });

  it('makes one commit and one tag, with one version everywhere', async () => {
    const { code, output } = await release(version);
    expect(output).toContain(`released ${version}`);
    expect(code).toBe(0);
    expect(git(clone, 'log', '--format=%s', '-1')).toBe(`Release ${version}`);
    expect(git(clone, 'status', '--porcelain')).toBe('');
    expect(git(clone, 'describe', '--tags')).toBe(`v${version}`);
    expect(versionsIn(clone).filter(([, found]) => found !== version)).toEqual([]);

    const read = (file: string): string => readFileSync(path.join(clone, file), 'utf8');
    expect(JSON.parse(read('services/ingestion/released/openapi.json')).info.version).toBe(version);
    expect(read(protoFile.replace('/proto/', '/proto-released/'))).toBe(read(protoFile));
    expect(read('docker/Dockerfile')).toContain(`nodejs26-debian13:nonroot@${digest} AS runtime`);
    expect(read('docker/Dockerfile')).not.toContain('FROM runtime@');
    expect(asked).toContain('/v2/distroless/nodejs26-debian13/manifests/nonroot');
    const { components } = JSON.parse(read(`dist/orderstream-${version}.cdx.json`)) as {
      components: object[];
    };
    const packages = new Set(productionPackages(clone).map((one) => `${one.name}@${one.version}`));
    expect(components).toHaveLength(packages.size);
  });

  it('is refused a second time', async () => {
    expect(await release(version)).toMatchObject({
      code: 1,
      output: expect.stringContaining(`the tag v${version} exists`),
    });
  });

  it('undoes everything if a step fails', async () => {
    const before = state();
    // The section of the changelog was released by the test above.
    const { code, output } = await release('99.1.0');
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('all changes were undone'),
    });
    expect(state()).toEqual(before);
  });
});
