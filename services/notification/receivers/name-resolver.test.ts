import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DnsServer, startDns } from '../testing/dns.ts';
import { createHostsFile, type HostsFile } from './hosts-file.ts';
import { createNameResolver, type NameResolver } from './name-resolver.ts';

const noNames: HostsFile = { addressesOf: async () => [] };
let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const limits = { queryMs: 300, deadlineMs: 2_000, namesEach: 4 };
let server: DnsServer;
let names: NameResolver;

beforeEach(async () => {
  nowMs = 1_000;
  server = await startDns((name) => {
    if (name.endsWith('.silent.test')) return null;
    return { addresses: name.startsWith('gone') ? [] : ['93.184.216.34', '2606:2800::1'], ttlSeconds: 30 };
  });
  names = open();
});
afterEach(() => server.close());

function open(hostsFile = noNames): NameResolver {
  return createNameResolver({ clock, limits, servers: [server.address], hostsFile });
}

it('returns the addresses of both families', async () => {
  expect(new Set(await names.resolve('Shop.Example.', 'c1'))).toEqual(
    new Set(['93.184.216.34', '2606:2800::1']),
  );
});

it('reports that a name has no address, and repeats the query a moment later', async () => {
  await expect(names.resolve('gone.example', 'c1')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  server.answerWith(() => ({ addresses: ['1.2.3.4'] }));
  await expect(names.resolve('gone.example', 'c1')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  nowMs += 2_000;
  expect(await names.resolve('gone.example', 'c1')).toEqual(['1.2.3.4']);
});

it('caches an answer for its time to live, a minute at most', async () => {
  await names.resolve('shop.example', 'c1');
  server.answerWith(() => ({ addresses: ['1.2.3.4'], ttlSeconds: 86_400 }));
  nowMs += 29_000;
  expect(await names.resolve('shop.example', 'c1')).toHaveLength(2);
  nowMs += 1_000;
  expect(await names.resolve('shop.example', 'c1')).toEqual(['1.2.3.4']);
  server.answerWith(() => ({ addresses: ['5.6.7.8'] }));
  nowMs += 60_000;
  expect(await names.resolve('shop.example', 'c1')).toEqual(['5.6.7.8']);
});

it('sends one query for concurrent lookups of a name', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => names.resolve('shop.example', `c${n}`)));
  expect(server.questions).toHaveLength(2);
});

it('answers other customers at once while the name server of one never answers', async () => {
  const hanging = Array.from({ length: 200 }, (_, n) =>
    names.resolve(`n${n}.silent.test`, 'greedy').catch((error: { code: string }) => error.code),
  );
  await expect.poll(() => server.questions.length).toBeGreaterThan(0);
  const startedMs = performance.now();
  for (let n = 0; n < 20; n++) await names.resolve(`shop${n}.example`, 'other');
  expect(performance.now() - startedMs).toBeLessThan(limits.deadlineMs);
  // The customer has four names at a time, so at most two rounds of names were queried.
  expect(new Set(server.questions.filter((name) => name.endsWith('silent.test'))).size).toBeLessThanOrEqual(
    8,
  );
  expect(new Set(await Promise.all(hanging))).toEqual(new Set(['ETIMEOUT']));
});

it('uses the addresses of one family when the server never answers for the other', async () => {
  let questions = 0;
  server.answerWith(() => (questions++ === 0 ? { addresses: ['1.2.3.4', '2606:2800::1'] } : null));
  expect(await names.resolve('half.example', 'c1')).toHaveLength(1);
});

it('finds name servers that were down, without a restart', async () => {
  server.answerWith(() => null);
  await expect(names.resolve('shop.example', 'c1')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  server.answerWith(() => ({ addresses: ['1.2.3.4'] }));
  nowMs += 10_000;
  expect(await names.resolve('shop.example', 'c1')).toEqual(['1.2.3.4']);
});

it('resolves localhost and the names of the hosts file without a query', async () => {
  const path = join(tmpdir(), `hosts-${process.pid}`);
  await writeFile(path, '# of the machine\n10.0.0.5 Db.Internal db # the database\n::1 db\nnonsense here\n');
  const own = open(createHostsFile(clock, path));
  expect(await own.resolve('localhost', 'c1')).toEqual(['127.0.0.1', '::1']);
  expect(await own.resolve('app.localhost', 'c1')).toEqual(['127.0.0.1', '::1']);
  expect(await own.resolve('db.internal', 'c1')).toEqual(['10.0.0.5']);
  expect(await own.resolve('DB', 'c1')).toEqual(['10.0.0.5', '::1']);
  expect(server.questions).toEqual([]);
  await writeFile(path, '10.0.0.6 db\n');
  nowMs += 5_000;
  expect(await own.resolve('db', 'c1')).toEqual(['10.0.0.6']);
  expect(await open(createHostsFile(clock, `${path}.none`)).resolve('shop.example', 'c1')).toHaveLength(2);
});
