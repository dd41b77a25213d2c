/** The certificate of a server in this process. Its files may change while the server runs. */
import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { readTlsFiles } from './pem-files.ts';

export interface ServerCertificatePaths {
  readonly cert: string;
  readonly key: string;
  /** Clients must present a certificate of these authorities; null if clients need none. */
  readonly clientCa: string | null;
}

/** Options of `https.createServer`. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  /** A client that connects and sends nothing is closed after this time, in ms. */
  readonly handshakeTimeout: number;
}

/** A server whose certificate can be replaced. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void;
}

export interface ServerCertificate {
  options(): ServerTls;
  /**
   * Reads the files every `everyMs` and gives changed ones to the server: new connections use them. If the new files are
   * invalid, the server keeps the last valid ones and logs the problem once. The returned function ends this.
   */
  follow(server: SecureServer, everyMs: number): () => void;
}

const handshakeTimeoutMs = 10_000;

/**
 * Reads the files for the first time. `settingOf` names the setting of each path. Throws CONFIG_INVALID like
 * `readTlsFiles`.
 */
export function createServerCertificate(deps: {
  readonly paths: ServerCertificatePaths;
  readonly settingOf: (part: 'ca' | 'cert' | 'key') => string;
  readonly log: Logger;
  /** Gets the time when the certificate expires, in epoch ms, now and after each change. */
  readonly onExpiry: (atMs: number) => void;
}): ServerCertificate {
  let current = read(deps.paths, deps.settingOf);
  deps.onExpiry(expiryOf(current));
  let problem = '';

  const renew = (server: SecureServer): void => {
    try {
      const next = read(deps.paths, deps.settingOf);
      problem = '';
      if (next.cert === current.cert && next.key === current.key && next.ca === current.ca) return;
      server.setSecureContext(next);
      current = next;
      deps.onExpiry(expiryOf(next));
      deps.log.info(
        { expiresAt: new Date(expiryOf(next)).toISOString() },
        'new connections use the new certificate',
      );
    } catch (error) {
      // The files may be half replaced. The next turn reads them again.
      if (errorMessage(error) === problem) return;
      problem = errorMessage(error);
      deps.log.warn({ problem }, 'the new certificate cannot be used; the server keeps the last one');
    }
  };

  return {
    options: () => current,
    follow(server, everyMs) {
      const timer = setInterval(() => renew(server), everyMs);
      return () => clearInterval(timer);
    },
  };
}

function read(
  { cert, key, clientCa }: ServerCertificatePaths,
  settingOf: (part: 'ca' | 'cert' | 'key') => string,
): ServerTls {
  const files = readTlsFiles({ cert, key, ca: clientCa ?? undefined }, settingOf);
  return {
    cert: files.cert!,
    key: files.key!,
    ...(files.ca === undefined ? {} : { ca: files.ca }),
    requestCert: files.ca !== undefined,
    rejectUnauthorized: files.ca !== undefined,
    handshakeTimeout: handshakeTimeoutMs,
  };
}

function expiryOf({ cert }: ServerTls): number {
  return new X509Certificate(cert).validToDate.getTime();
}
