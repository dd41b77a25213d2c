/** Certificates for tests, made with openssl. A separate authority signs them. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const validDays = 2;
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Certificate {
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM file with the certificate of the authority. */
  readonly ca: string;
  /** A certificate for this host name or client. With `isExpired`, it expired yesterday. */
  issue(name: string, options?: { readonly isExpired?: boolean }): Promise<Certificate>;
}

/** Creates an authority with its files in `dir`. */
export async function createAuthority(dir: string, name = 'ca'): Promise<Authority> {
  const at = (file: string) => path.join(dir, file);
  const [ca, caKey] = [at(`${name}.pem`), at(`${name}.key`)];
  const own = ['-subj', `/CN=${name}`, '-days', String(validDays), '-keyout', caKey, '-out', ca];
  await openssl('req', '-x509', ...newKey, ...own);
  let issued = 0;
  return {
    ca,
    async issue(subject, { isExpired = false } = {}) {
      const number = ++issued;
      const stem = `${name}-${subject}-${number}`;
      const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        at(`${stem}.${end}`),
      ) as [string, string, string, string];
      await openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
      await writeFile(extensions, `subjectAltName=DNS:${subject}\n`);
      // openssl keeps the serial numbers in a file, which two calls at once would overwrite.
      const serial = ['-set_serial', String(number)];
      const days = ['-days', String(isExpired ? -1 : validDays)];
      const signed = ['-CA', ca, '-CAkey', caKey, ...serial, ...days, '-extfile', extensions];
      await openssl('x509', '-req', '-in', request, ...signed, '-out', cert);
      return { cert, key };
    },
  };
}

async function openssl(...args: string[]): Promise<void> {
  await run('openssl', args);
}
