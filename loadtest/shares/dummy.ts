/**
 * A server that refuses everything. The greedy caller loads it while the bench measures the well-behaved caller
 * alone. So the generator costs the same in both cases.
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
