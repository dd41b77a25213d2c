import path from 'node:path';
import { StackError } from '../errors.ts';
import type { FetchContext } from './cache.ts';
import { unpackedPackages } from './debian.ts';
import { findOnPath } from './which.ts';

/** How to run a program. `env` is added to the environment. */
export interface RedisProgram {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A Redis that was built with TLS: that of the machine, or the one of Debian's package. (The Redis of the local stack
 * has no TLS.) Throws StackError if there is none.
 */
export async function findTlsRedis(context: FetchContext): Promise<RedisProgram> {
  const found = findOnPath('redis-server');
  if (found) return { command: found, env: {} };
  if (!findOnPath('apt-get')) {
    throw new StackError('There is no Redis with TLS to fetch for this system: install redis-server.');
  }
  const home = await unpackedPackages(['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1'], context);
  const libraries = path.join(home, 'usr/lib', `${debianArch()}-linux-gnu`);
  return { command: path.join(home, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries } };
}

function debianArch(): string {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}
