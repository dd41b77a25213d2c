/** Clients of the gRPC API in other languages, and grpcurl. Their packages are downloaded once, into the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../../../stack/downloads/cache.ts';
import type { Missing } from './missing.ts';
import { pythonWith } from './python.ts';
import { findGo } from './samples.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');
const samples = path.join(root, 'docs', 'samples', 'grpc');
/** The folder with the contract. */
const protoFolder = path.join(root, 'schemas', 'proto');
const fetchDeadlineMs = 300_000;
const runDeadlineMs = 60_000;
const grpcurlModule = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3';

/** A program with its first arguments, or the reason why this machine cannot run it. */
type Client = { readonly command: string; readonly args: readonly string[]; readonly cwd: string } | Missing;

/** The samples by their language. */
export const grpcSamples: Readonly<Record<string, () => Promise<Client>>> = {
  TypeScript: () => unlessFailed(typescript),
  Python: () => unlessFailed(python),
  Go: () => unlessFailed(go),
};

/** Runs the program to its end, and returns its output. */
export async function runClient(
  { command, args, cwd }: Exclude<Client, Missing>,
  more: readonly string[],
): Promise<string> {
  const { stdout } = await run(command, [...args, ...more], { cwd, timeout: runDeadlineMs });
  return stdout;
}

/** The program grpcurl, built from its module. */
export function grpcurl(): Promise<Client> {
  return unlessFailed(async () => {
    const hash = createHash('sha256').update(grpcurlModule).digest('hex').slice(0, 12);
    const folder = path.join(cacheDir(), `grpcurl-${hash}`);
    if (!existsSync(folder)) {
      const draft = `${folder}.${process.pid}.part`;
      mkdirSync(draft, { recursive: true });
      const env = { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' };
      await run(await findGo(), ['install', grpcurlModule], { cwd: draft, env, timeout: fetchDeadlineMs });
      keepFirst(draft, folder);
    }
    return { command: path.join(folder, 'grpcurl'), args: ['-plaintext'], cwd: root };
  });
}

async function unlessFailed(make: () => Promise<Client>): Promise<Client> {
  try {
    return await make();
  } catch (error) {
    // There is no such tool and no download. The test reports this.
    return {
      missing: error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error),
    };
  }
}

async function typescript(): Promise<Client> {
  const sample = path.join(samples, 'typescript');
  const hash = createHash('sha256')
    .update(readFileSync(path.join(sample, 'package.json')))
    .digest('hex');
  const cwd = path.join(cacheDir(), `grpc-typescript-${hash.slice(0, 12)}`);
  if (!existsSync(cwd)) {
    const draft = `${cwd}.${process.pid}.part`;
    cpSync(path.join(sample, 'package.json'), path.join(draft, 'package.json'));
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: draft, timeout: fetchDeadlineMs });
    keepFirst(draft, cwd);
  }
  cpSync(path.join(sample, 'place-order.ts'), path.join(cwd, 'place-order.ts'));
  const tsx = path.join(cwd, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  return { command: process.execPath, args: [tsx, 'place-order.ts', '--proto', protoFolder], cwd };
}

async function python(): Promise<Client> {
  const cwd = path.join(samples, 'python');
  const command = await pythonWith(path.join(cwd, 'requirements.txt'), 'grpc');
  return { command, args: ['place_order.py', '--proto', protoFolder], cwd };
}

/** Generates the code of the client and builds the sample, once for each state of its files. */
async function go(): Promise<Client> {
  const sample = path.join(samples, 'go');
  const hash = createHash('sha256');
  const contract = path.join(protoFolder, 'orderstream', 'v1', 'orders.proto');
  const files = ['main.go', 'go.mod', 'go.sum', 'buf.gen.yaml'].map((file) => path.join(sample, file));
  for (const file of [...files, contract]) hash.update(readFileSync(file));
  const cwd = path.join(cacheDir(), `grpc-go-${hash.digest('hex').slice(0, 12)}`);
  if (!existsSync(cwd)) {
    const draft = `${cwd}.${process.pid}.part`;
    cpSync(sample, draft, { recursive: true });
    const command = await findGo();
    const env = { ...process.env, PATH: `${path.dirname(command)}:${process.env['PATH'] ?? ''}` };
    const buf = path.join(root, 'node_modules', '.bin', 'buf');
    const options = { cwd: draft, env, timeout: fetchDeadlineMs };
    await run(buf, ['generate', protoFolder, '--template', 'buf.gen.yaml'], options);
    await run(command, ['build', '-o', 'place-order', '.'], options);
    keepFirst(draft, cwd);
  }
  return { command: path.join(cwd, 'place-order'), args: [], cwd };
}

/** Another process may have prepared the same folder meanwhile. */
function keepFirst(draft: string, folder: string): void {
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
}
