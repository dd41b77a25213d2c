/**
 * `npm run fuzz:api -- [--name fuzz] [--examples 100] [--seed N]`: schemathesis, which shares no code with
 * us, against a running product. It uses an instance that answers; otherwise it starts one and stops it after
 * the run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { goOnWithoutOutput } from '../../services/shared/lifecycle/lost-output.ts';
import { openProduct, type Product } from '../support/programs/product.ts';
import { pythonWith } from '../support/programs/python.ts';

goOnWithoutOutput();

const here = import.meta.dirname;
/** The run should reach the routes, not the rate limit. */
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
  const product = await openProduct(flags.name, unlimited);
  try {
    return await runSchemathesis(python, product);
  } finally {
    await product.close();
  }
}

async function runSchemathesis(python: string, product: Product): Promise<number> {
  const limits = ['--max-examples', flags.examples, '--seed', flags.seed];
  const scopes = ['orders:read', 'orders:write', 'orders:ops', 'webhooks:manage'];
  const config = ['--config-file', path.join(here, 'schemathesis.toml')];
  const child = spawn(
    python,
    ['-m', 'schemathesis.cli', ...config, 'run', `${product.url}/openapi.json`, ...limits],
    {
      cwd: product.info.dir,
      env: { ...process.env, ORDERSTREAM_TOKEN: await product.token('fuzz', scopes) },
      stdio: 'inherit',
    },
  );
  const [code] = await once(child, 'close');
  return (code as number | null) ?? 1;
}
