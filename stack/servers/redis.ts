import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { parseRedisUrl } from '../../services/shared/redis/index.ts';
import { type Download, fetched, plugin } from '../downloads/maven.ts';
import { versions } from '../downloads/versions.ts';
import { findOnPath } from '../downloads/which.ts';
import { StackError } from '../errors.ts';
import { launch } from '../processes/processes.ts';
import type { Server, ServerContext } from './server.ts';

const ASK_TIMEOUT_MS = 2_000;

const download: Download = {
  folder: `redis-${versions.redis.version}`,
  label: `Redis ${versions.redis.version}`,
  megabytes: versions.redis.downloadMb,
  landsIn: 'com/github/codemonstur/embedded-redis',
  mavenArgs: (into) => [
    plugin('unpack'),
    `-Dartifact=${versions.redis.artifact}`,
    `-DoutputDirectory=${into}`,
    '-Dmdep.unpack.includes=redis-server*linux*',
  ],
};

/**
 * Redis: the machine's redis-server, or the one from a Maven package. It stores its data in an append-only
 * file.
 */
export const redis: Server = {
  name: 'redis',
  variable: 'REDIS_URL',
  readyDeadlineMs: 120_000,
  ports: (instance) => [instance.ports.redis],
  processes: () => ['redis'],
  address: (instance) => `redis://127.0.0.1:${instance.ports.redis}`,
  prepare: async (context) => {
    await binary(context);
  },
  start,
  ask,
};

async function binary(context: ServerContext): Promise<string> {
  const found = findOnPath('redis-server');
  if (found) return found;
  const file = (versions.redis.binaries as Record<string, string>)[process.arch];
  if (process.platform !== 'linux' || !file) {
    throw new StackError(
      'There is no Redis to fetch for this system: install redis-server, or set REDIS_URL.',
    );
  }
  const command = path.join(await fetched(download, context), file);
  chmodSync(command, 0o755);
  return command;
}

async function start(context: ServerContext): Promise<void> {
  const data = path.join(context.dir, 'data', 'redis');
  mkdirSync(data, { recursive: true });
  const args = ['--bind', '127.0.0.1', '--port', String(context.instance.ports.redis), '--dir', data];
  const keeping = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const { command, env = {}, args: more = [] } = context.extras.redis ?? { command: await binary(context) };
  await launch(context.dir, { name: 'redis', command, env, args: [...args, ...keeping, ...more] });
}

async function ask(address: string): Promise<void> {
  const client = new Redis({
    ...parseRedisUrl(address),
    lazyConnect: true,
    connectTimeout: ASK_TIMEOUT_MS,
    commandTimeout: ASK_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Without a listener ioredis prints each refused connection. The rejected promise reports the same error.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.ping();
    if (answer !== 'PONG') throw new Error(`PING was answered with ${answer}`);
  } finally {
    client.disconnect();
  }
}
