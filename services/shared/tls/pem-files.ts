/** Reads the files of a TLS connection: authorities, certificate and private key, all in PEM. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { AppError, appError, errorMessage } from '../errors/index.ts';

/** A bundle of every public authority has about 220 kB. */
const bytesMax = 1 << 20;

/** Paths of the files. `cert` and `key` belong together. */
export interface TlsPaths {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** PEM texts, in the form of the options of `node:tls`. Without `ca` the authorities that Node trusts count. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Reads the files once. `settingOf` returns the name of the setting with a path, for errors. Throws CONFIG_INVALID if
 * a file cannot be read or holds something else. Throws it also if only one of `cert` and `key` is there, or if they do not
 * match.
 */
export function readTlsFiles(
  { ca, cert, key }: TlsPaths,
  settingOf: (part: keyof TlsPaths) => string,
): TlsMaterial {
  const authorities = ca === undefined ? {} : { ca: readCaFile(ca, settingOf('ca')) };
  if (cert === undefined && key === undefined) return authorities;
  if (cert === undefined || key === undefined) {
    const [there, missing] = cert === undefined ? (['key', 'cert'] as const) : (['cert', 'key'] as const);
    throw appError('CONFIG_INVALID', {
      problems: [`${settingOf(there)} needs ${settingOf(missing)} too`],
    });
  }
  return { ...authorities, ...readKeyPair({ cert, key }, settingOf) };
}

/**
 * The PEM text of a file with one or more CA certificates. `setting` names the setting with the path. Throws
 * CONFIG_INVALID if the file cannot be read, is too large, or has no certificate.
 */
function readCaFile(path: string, setting: string): string {
  return readCertificates(path, setting).text;
}

/**
 * The PEM texts of a certificate, with its chain, and of its private key. Throws CONFIG_INVALID like `readCaFile`, and
 * if the key is encrypted or does not belong to the certificate.
 */
function readKeyPair(
  paths: { readonly cert: string; readonly key: string },
  settingOf: (part: 'cert' | 'key') => string,
): { readonly cert: string; readonly key: string } {
  const { text: cert, first } = readCertificates(paths.cert, settingOf('cert'));
  const key = readPem(paths.key, settingOf('key'));
  if (!first.checkPrivateKey(privateKeyIn(key, paths.key, settingOf('key'))))
    throw invalid(settingOf('key'), paths.key, `is not the key of the certificate in ${paths.cert}`);
  return { cert, key };
}

function readCertificates(path: string, setting: string): { text: string; first: X509Certificate } {
  const text = readPem(path, setting);
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid(setting, path, 'holds no certificate in PEM');
  }
  try {
    return { text, first: new X509Certificate(text) };
  } catch (cause) {
    throw invalid(setting, path, 'holds a damaged certificate', cause);
  }
}

/** The error message never repeats the file, because it may hold a key. */
function privateKeyIn(text: string, path: string, setting: string) {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/.test(text);
    throw invalid(
      setting,
      path,
      isEncrypted ? 'is encrypted; store the key without a passphrase' : 'holds no private key in PEM',
      cause,
    );
  }
}

function readPem(path: string, setting: string): string {
  try {
    if (statSync(path).size > bytesMax) throw invalid(setting, path, `is larger than ${bytesMax} bytes`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw invalid(setting, path, `cannot be read (${errorMessage(cause)})`, cause);
  }
}

function invalid(setting: string, path: string, reason: string, cause?: unknown): AppError {
  return appError('CONFIG_INVALID', { problems: [`${setting}: ${path} ${reason}`] }, { cause });
}
