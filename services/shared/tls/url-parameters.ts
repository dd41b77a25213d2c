import { appError } from '../errors/index.ts';
import { readTlsFiles, type TlsMaterial } from './pem-files.ts';

/**
 * Reads the TLS parameters of the URL of a server: `ca`, `cert` and `key` are paths of PEM files. `setting` is the name
 * of the variable with the URL. Throws CONFIG_INVALID for an unknown, repeated or empty parameter, for files
 * without encryption, and as `readTlsFiles` does. Parameters in `also` belong to the caller.
 */
export function readTlsParameters(
  parameters: URLSearchParams,
  rules: {
    readonly setting: string;
    readonly isEncrypted: boolean;
    /** What a URL must have to be encrypted, for example "rediss://". */
    readonly encryptedBy: string;
    readonly also?: readonly string[];
  },
): TlsMaterial | null {
  const { setting, isEncrypted, encryptedBy, also = [] } = rules;
  const problem = (reason: string) => appError('CONFIG_INVALID', { problems: [`${setting} ${reason}`] });
  const names = [...parameters.keys()];
  const known = ['ca', 'cert', 'key', ...also];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw problem(`has an unknown parameter ${unknown}; the known ones are ${known.join(', ')}`);
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw problem(`has the parameter ${repeated} twice`);
  const empty = names.find((name) => parameters.get(name) === '');
  if (empty !== undefined) throw problem(`has the parameter ${empty} without a value`);
  const of = (name: string) => parameters.get(name) ?? undefined;
  const paths = { ca: of('ca'), cert: of('cert'), key: of('key') };
  if (isEncrypted) return readTlsFiles(paths, (part) => `${part} in ${setting}`);
  const [file] = Object.entries(paths).find(([, path]) => path !== undefined) ?? [];
  if (file !== undefined) throw problem(`has ${file} without ${encryptedBy}`);
  return null;
}
