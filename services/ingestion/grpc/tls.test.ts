/** TLS of the gRPC port: the certificate is checked, may be replaced, and clients may need one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Authority,
  type Certificate,
  createAuthority,
} from '../../../tests/support/servers/certificates.ts';
import type { ServerTls } from '../../shared/tls/index.ts';
import { createFakeWorld } from '../testing/fake-world.ts';
import { startGrpcServer } from './server.ts';

let dir: string;
let authority: Authority;
let other: Authority;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'os-grpc-tls-'));
  [authority, other] = await Promise.all([createAuthority(dir), createAuthority(dir, 'other')]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function tlsOf({ cert, key }: Certificate, clientCa?: string): Promise<ServerTls> {
  return {
    cert: await readFile(cert, 'utf8'),
    key: await readFile(key, 'utf8'),
    ...(clientCa !== undefined && { ca: await readFile(clientCa, 'utf8') }),
    requestCert: clientCa !== undefined,
    rejectUnauthorized: clientCa !== undefined,
    handshakeTimeout: 5_000,
  };
}

async function start(tls: ServerTls) {
  const { deps, updates } = createFakeWorld();
  const settings = { host: '127.0.0.1', port: 0, maxConnectionAgeMs: 60_000 };
  return startGrpcServer({ ...deps, updates, tls }, settings);
}

/** Whether a health check succeeds on a new connection. */
async function isServed(address: string, channel: ChannelCredentials): Promise<boolean> {
  const client = new Client(address.replace('127.0.0.1', 'localhost'), channel, {
    'grpc.use_local_subchannel_pool': 1,
  });
  const same = (bytes: Buffer): Buffer => bytes;
  try {
    return await new Promise((resolve) => {
      const path = '/grpc.health.v1.Health/Check';
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error) => resolve(error === null));
    });
  } finally {
    client.close();
  }
}

const trust = async ({ ca }: Authority, own?: Certificate): Promise<ChannelCredentials> =>
  own === undefined
    ? credentials.createSsl(await readFile(ca))
    : credentials.createSsl(await readFile(ca), await readFile(own.key), await readFile(own.cert));

test('new connections get the new certificate after a change, and no plain text is served', async () => {
  const server = await start(await tlsOf(await authority.issue('localhost')));
  try {
    expect(await isServed(server.address, await trust(authority))).toBe(true);
    expect(await isServed(server.address, await trust(other))).toBe(false);
    expect(await isServed(server.address, credentials.createInsecure())).toBe(false);
    server.setSecureContext(await tlsOf(await other.issue('localhost')));
    expect(await isServed(server.address, await trust(other))).toBe(true);
    expect(await isServed(server.address, await trust(authority))).toBe(false);
  } finally {
    await server.stop();
  }
});

test('with a CA for clients, a client needs a certificate of it', async () => {
  const server = await start(await tlsOf(await authority.issue('localhost'), authority.ca));
  try {
    expect(await isServed(server.address, await trust(authority, await authority.issue('client')))).toBe(
      true,
    );
    expect(await isServed(server.address, await trust(authority))).toBe(false);
    expect(await isServed(server.address, await trust(authority, await other.issue('client')))).toBe(false);
  } finally {
    await server.stop();
  }
});
