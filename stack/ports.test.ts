import net from 'node:net';
import { expect, test } from 'vitest';
import { allPorts, blockCandidates, devPorts, takenPorts, testPorts } from './ports.ts';

test('no two instances share a port', () => {
  const sets = [devPorts, testPorts, ...blockCandidates('any')].map(allPorts);
  const ports = sets.flat();
  expect(new Set(ports).size).toBe(ports.length);
});

test('every port is below the ports that systems assign automatically', () => {
  for (const ports of [devPorts, testPorts, ...blockCandidates('any')]) {
    for (const port of allPorts(ports)) expect(port).toBeLessThan(32_768);
  }
});

test('a name starts at the same block each time', () => {
  expect(blockCandidates('alpha')[0]).toEqual(blockCandidates('alpha')[0]);
  expect(blockCandidates('alpha')).toHaveLength(blockCandidates('beta').length);
});

test('finds a port that is in use', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const { port } = server.address() as net.AddressInfo;
  expect(await takenPorts([port])).toEqual([port]);
  await new Promise((resolve) => server.close(resolve));
  expect(await takenPorts([port])).toEqual([]);
});
