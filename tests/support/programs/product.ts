/** The whole product, as `npm start` runs it, on its own instance. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { instanceDir, readInstance, type StackInfo, stackUp } from '../../../stack/index.ts';

export interface Product {
  /** Name of the instance, for `--name` of the command line. */
  readonly name: string;
  /** Addresses of its servers and services. */
  readonly info: StackInfo;
  /** The environment with which the command line works on this product, besides `--name`. */
  readonly env: Readonly<Record<string, string>>;
  /** Base URL of the API, without a final slash. */
  readonly url: string;
  /** A signed token; by default for reading and writing orders and for webhooks. */
  token(customerId: string, scopes?: readonly string[]): Promise<string>;
  /** Stops the product if this call started it. */
  close(): Promise<void>;
}

const answerMsMax = 2_000;
const tokenTtlSeconds = 6 * 3600;
const allScopes = ['orders:read', 'orders:write', 'webhooks:manage'];
const root = path.resolve(import.meta.dirname, '../../..');

/**
 * Uses the product of the instance `name` if it answers. Otherwise starts one with `env` added to the
 * environment; servers that `env` names replace its own. Resolves once the sample orders have their outcomes.
 * Rejects if the product ends before that.
 */
export async function openProduct(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const child = (await answers(name)) ? null : await start(name, env);
  const info = await stackUp({ name, env, lockWaitMs: answerMsMax });
  const issuer = await createLocalIssuer(path.join(instanceDir(name), 'issuer'));
  return {
    name,
    info,
    env,
    url: urlOf(info.instance.ports.ingestion),
    token: (customerId, scopes = allScopes) =>
      issuer.sign({ customerId, scopes, ttlSeconds: tokenTtlSeconds }),
    async close() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

async function answers(name: string): Promise<boolean> {
  const port = readInstance(name)?.ports.ingestion;
  if (port === undefined) return false;
  const asked = fetch(`${urlOf(port)}/openapi.json`, { signal: AbortSignal.timeout(answerMsMax) });
  // If the connection is refused, reset or too slow, the product does not run.
  const answer = await asked.catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

async function start(name: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/start.ts', '--name', name], {
    cwd: root,
    env: { ...process.env, ...env },
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
