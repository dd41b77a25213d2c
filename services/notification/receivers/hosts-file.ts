/** Names of the machine itself: the system's hosts file, and `localhost` (RFC 6761). */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

const hostsPath = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';
/** A changed file is noticed after this time. */
const freshMs = 5_000;

export interface HostsFile {
  /** Returns the addresses of a name, or none. The name is in lower case and has no final dot. */
  addressesOf(name: string): Promise<readonly string[]>;
}

/** @param path by default `/etc/hosts` */
export function createHostsFile(clock: { monotonicMs(): number }, path = hostsPath): HostsFile {
  let names: Promise<ReadonlyMap<string, string[]>> | null = null;
  let readAtMs = 0;
  return {
    async addressesOf(name) {
      if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'];
      if (names === null || clock.monotonicMs() - readAtMs >= freshMs) {
        readAtMs = clock.monotonicMs();
        names = readNames(path);
      }
      return (await names).get(name) ?? [];
    },
  };
}

async function readNames(path: string): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  // A machine without the file has no such names; DNS resolves all.
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [address = '', ...own] = line.split('#', 1)[0]!.trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of own.map((one) => one.toLowerCase()))
      names.set(name, [...(names.get(name) ?? []), address]);
  }
  return names;
}
