/** An HTTPS server in front of an HTTP server. It checks a client certificate and a login, which the registry cannot. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.ts';

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Forwards requests to `target`. With `clientCa`, clients need a certificate of this authority. With `login`
 * (`user:password`), they need it as basic authentication.
 */
export async function startTlsFront(
  target: string,
  { cert, key }: Certificate,
  { clientCa, login }: { readonly clientCa?: string; readonly login?: string } = {},
): Promise<TlsFront> {
  const files = { cert: await readFile(cert), key: await readFile(key) };
  const mutual =
    clientCa === undefined
      ? {}
      : { ca: await readFile(clientCa), requestCert: true, rejectUnauthorized: true };
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer({ ...files, ...mutual }, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    if (expected !== undefined && headers.authorization !== expected) {
      outgoing.writeHead(401).end('{"message": "Unauthorized"}');
      return;
    }
    const { authorization: _login, ...others } = headers;
    const forwarded = request(new URL(url!, target), { method, headers: others }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.once('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
