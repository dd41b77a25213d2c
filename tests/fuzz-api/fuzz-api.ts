/**
 * `npm run fuzz:api -- [--name fuzz] [--examples 100] [--seed N]`: schemathesis, which shares no code with us, against a
 * running product. An instance that answers is used as it is; another one is started for the run and stopped after it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createLocalIssuer } from '../../services/shared/auth/index.ts';
import { instanceDir, readInstance } from '../../stack/index.ts';
import { pythonWith } from '../support/python.ts';

const here = import.meta.dirname;
const root = path.resolve(here, '..', '..');
const answerMsMax = 2_000;
const tokenTtlSeconds = 6 * 3600;
/** The run is to meet the routes and not the limit. */
const unlimited = { RATE_ORDERS_PER_SECOND: '100000', RATE_BURST_ORDERS: '100000' };

const { values: flags } = parseArgs({
  options: {
    name: { type: 'string', default: 'fuzz' },
    examples: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const python = await pythonWith(path.join(here, 'requirements.txt'), 'fuzz-api');
  const product = (await answers()) ? null : await startProduct();
  try {
    return await runSchemathesis(python);
  } finally {
    if (product !== null) {
      product.kill('SIGTERM');
      if (product.exitCode === null) await once(product, 'close');
    }
  }
}

function apiUrl(): string {
  return `http://127.0.0.1:${readInstance(flags.name)?.ports.ingestion ?? 0}`;
}

async function answers(): Promise<boolean> {
  const asked = fetch(`${apiUrl()}/openapi.json`, { signal: AbortSignal.timeout(answerMsMax) });
  const answer = await asked.catch(() => null);
  return answer?.ok === true;
}

async function startProduct(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/start.ts', '--name', flags.name], {
    cwd: root,
    env: { ...process.env, ...unlimited },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('Running after')) resolve();
    });
    child.once('close', (code) => reject(new Error(`the product ended with exit code ${code}`)));
  });
  return child;
}

async function runSchemathesis(python: string): Promise<number> {
  const issuer = await createLocalIssuer(path.join(instanceDir(flags.name), 'issuer'));
  const scopes = ['orders:read', 'orders:write', 'webhooks:manage'];
  const token = await issuer.sign({ customerId: 'fuzz', scopes, ttlSeconds: tokenTtlSeconds });
  const limits = ['--max-examples', flags.examples, '--seed', flags.seed];
  const config = ['--config-file', path.join(here, 'schemathesis.toml')];
  const child = spawn(
    python,
    ['-m', 'schemathesis.cli', ...config, 'run', `${apiUrl()}/openapi.json`, ...limits],
    {
      cwd: instanceDir(flags.name),
      env: { ...process.env, ORDERSTREAM_TOKEN: token },
      stdio: 'inherit',
    },
  );
  const [code] = await once(child, 'close');
  return (code as number | null) ?? 1;
}
