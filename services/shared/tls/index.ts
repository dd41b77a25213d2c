/** Reads the certificates of the authorities that verify a server. */
import { readFileSync, statSync } from 'node:fs';
import { appError, errorMessage } from '../errors/index.ts';

/** A bundle of every public authority has about 220 kB. */
const bytesMax = 1 << 20;

/**
 * The PEM text of a file with one or more CA certificates, read once at start. `setting` names the setting with
 * the path. Throws CONFIG_INVALID if the file cannot be read, is too large, or has no certificate.
 */
export function readCaFile(path: string, setting: string): string {
  const problem = (reason: string, cause?: unknown) =>
    appError('CONFIG_INVALID', { problems: [`${setting}: ${path} ${reason}`] }, { cause });
  let text: string;
  try {
    if (statSync(path).size > bytesMax) throw problem(`is larger than ${bytesMax} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'CONFIG_INVALID') throw cause;
    throw problem(`cannot be read (${errorMessage(cause)})`, cause);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw problem('holds no certificate in PEM');
  return text;
}
