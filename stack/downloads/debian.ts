/** Takes programs out of Debian packages, without root and on any Linux. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { StackError } from '../errors.ts';
import { cached, FETCH_DEADLINE_MS, type FetchContext } from './cache.ts';

/** A Debian package, and the files that are taken out of it. */
export interface DebianPackage {
  label: string;
  version: string;
  megabytes: number;
  /** Tried in this order. */
  urls: readonly string[];
  /** Hexadecimal digest of the whole package. */
  sha256: string;
  /** Paths in the package, without a slash at the beginning. */
  files: readonly string[];
}

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;

const run = promisify(execFile);

/** The folder with the files of the package. Throws StackError if no address has the package with this digest. */
export function unpacked(source: DebianPackage, context: FetchContext): Promise<string> {
  const folder = `${source.label.toLowerCase()}-${source.version}`;
  return cached({ folder, label: source.label }, async (draft) => {
    context.tell(`${source.label}: fetching about ${source.megabytes} MB`);
    await extract(await download(source, context), source, draft);
  });
}

async function download(source: DebianPackage, { signal }: FetchContext): Promise<Buffer> {
  const failures: string[] = [];
  for (const url of source.urls) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_DEADLINE_MS)]),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (digest !== source.sha256) throw new Error(`the digest is ${digest}`);
      return bytes;
    } catch (error) {
      failures.push(`${url}: ${(error as Error).message}`);
    }
  }
  throw new StackError(`${source.label} could not be fetched: ${failures.join('; ')}.`);
}

async function extract(bytes: Buffer, { label, files }: DebianPackage, into: string): Promise<void> {
  await run('xz', ['--version']).catch((cause) => {
    throw new StackError(`xz is needed to unpack ${label} and was not found.`, { cause });
  });
  const names = files.map((file) => `./${file}`);
  const tar = spawn('tar', ['-xJ', '-C', into, ...names], { stdio: ['pipe', 'ignore', 'pipe'] });
  let output = '';
  tar.stderr.on('data', (chunk) => (output += chunk));
  const ended = once(tar, 'close');
  await pipeline(Readable.from([memberOf(bytes, 'data.tar.xz')]), tar.stdin);
  const [code] = await ended;
  if (code !== 0) throw new StackError(`${label} could not be unpacked: ${output.trim()}`);
}

/** A package is an archive of `ar`: a line, then members. Each has a header of 60 bytes and an even length. */
export function memberOf(archive: Buffer, wanted: string): Buffer {
  if (archive.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new StackError('This is no Debian package.');
  for (let at = MAGIC.length; at + HEADER_BYTES <= archive.length; ) {
    const name = archive.toString('latin1', at, at + 16).trimEnd();
    const bytes = Number(archive.toString('latin1', at + 48, at + 58));
    const start = at + HEADER_BYTES;
    if (name.replace(/\/$/, '') === wanted) return archive.subarray(start, start + bytes);
    at = start + bytes + (bytes % 2);
  }
  throw new StackError(`The Debian package has no ${wanted}.`);
}
