import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type Authority,
  type Certificate,
  createAuthority,
} from '../../../tests/support/servers/certificates.ts';
import type { Logger } from '../log/index.ts';
import { createServerCertificate } from './server-certificate.ts';

let dir: string;
let authority: Authority;
let first: Certificate;
let second: Certificate;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'os-served-'));
  authority = await createAuthority(dir);
  [first, second] = await Promise.all([authority.issue('localhost'), authority.issue('localhost')]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A server whose certificate is read from files of its own. */
async function serve(clientCa: string | null) {
  const paths = { cert: path.join(dir, 'served.pem'), key: path.join(dir, 'served.key'), clientCa };
  const install = async ({ cert, key }: Certificate) => {
    await copyFile(cert, paths.cert);
    await copyFile(key, paths.key);
  };
  await install(first);
  const expiries: number[] = [];
  const warnings: unknown[] = [];
  const log = { info: () => undefined, warn: (fields: object) => warnings.push(fields) } as unknown as Logger;
  const certificate = createServerCertificate({
    paths,
    settingOf: (part) => part,
    log,
    onExpiry: (atMs) => expiries.push(atMs),
  });
  const server: Server = createServer(certificate.options(), (_request, response) => response.end('hello'));
  const unfollow = certificate.follow(server, 5);
  onTestFinished(() => {
    unfollow();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { install, paths, expiries, warnings, port: (server.address() as AddressInfo).port };
}

/** The serial number of the certificate that the server presents. Rejects if the server ends the connection. */
async function serialAt(port: number, client: Certificate | null = null): Promise<string> {
  const files = client === null ? {} : { cert: await readFile(client.cert), key: await readFile(client.key) };
  const ca = await readFile(authority.ca);
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...files }, () =>
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    );
    socket.once('data', () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('the server closed the connection')));
  });
}

describe('the certificate of a server', () => {
  it('is replaced for new connections once its files change', async () => {
    const { install, port, expiries } = await serve(null);
    const before = await serialAt(port);
    await install(second);
    await expect.poll(() => serialAt(port)).not.toBe(before);
    expect(expiries).toHaveLength(2);
    expect(expiries[0]! / 86_400_000 - Date.now() / 86_400_000).toBeCloseTo(2, 1);
  });

  it('stays the last valid one while its files are invalid', async () => {
    const { install, paths, warnings, port } = await serve(null);
    const before = await serialAt(port);
    await writeFile(paths.key, 'half a key');
    await expect.poll(() => warnings).toEqual([{ problem: expect.stringMatching(/no private key/) }]);
    expect(await serialAt(port)).toBe(before);
    await install(second);
    await expect.poll(() => serialAt(port)).not.toBe(before);
  });

  it('is enough for clients, unless they must present one of their own', async () => {
    const stranger = await createAuthority(dir, 'stranger');
    const { port } = await serve(authority.ca);
    expect(await serialAt(port, second)).toMatch(/^\w+$/);
    await expect(serialAt(port)).rejects.toThrow();
    await expect(serialAt(port, await stranger.issue('client'))).rejects.toThrow();
  });
});
