/** Certificates for tests, made with openssl. A separate authority signs them. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const days = '2';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Certificate {
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM file with the certificate of the authority. */
  readonly ca: string;
  /** A server certificate for this host name. */
  issue(host: string): Promise<Certificate>;
}

/** Creates an authority with its files in `dir`. */
export async function createAuthority(dir: string, name = 'ca'): Promise<Authority> {
  const at = (file: string) => path.join(dir, file);
  const [ca, caKey] = [at(`${name}.pem`), at(`${name}.key`)];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    days,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    caKey,
    '-out',
    ca,
  );
  return {
    ca,
    async issue(host) {
      const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        at(`${name}-${host}.${end}`),
      ) as [string, string, string, string];
      await openssl('req', ...newKey, '-subj', `/CN=${host}`, '-keyout', key, '-out', request);
      await writeFile(extensions, `subjectAltName=DNS:${host}\n`);
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', days, '-extfile', extensions];
      await openssl('x509', '-req', '-in', request, ...signed, '-out', cert);
      return { cert, key };
    },
  };
}

async function openssl(...args: string[]): Promise<void> {
  await run('openssl', args);
}
