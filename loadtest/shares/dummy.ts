/**
 * A server that refuses everything. The greedy caller loads it while the other is measured alone, so that the
 * generator costs the same.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  request.resume();
  request.once('error', () => undefined);
  request.once('end', () => response.writeHead(429, { 'content-length': 0 }).end());
});
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
