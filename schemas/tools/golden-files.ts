import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One example value of a released schema, as readable JSON and as an Avro body. The Avro body must never change. */
export interface GoldenFile {
  subject: string;
  version: number;
  name: string;
  /** Relative to the repository, without the extensions `.json` and `.bin`. */
  path: string;
  value: unknown;
  /** Avro body without a frame; null before the first `write-golden`. */
  body: Buffer | null;
}

/** Reads every `schemas/<subject>/golden/v<n>/<name>.json` with its `.bin` file. */
export function readGoldenFiles(root: string): GoldenFile[] {
  const folder = join(root, 'schemas');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => /^([^/]+)\/golden\/v(\d+)\/([^/]+)\.json$/.exec(path.replaceAll('\\', '/')))
    .filter((match) => match !== null)
    .map(([found, subject = '', version, name = '']) => {
      const path = `schemas/${found.slice(0, -'.json'.length)}`;
      const bin = join(root, `${path}.bin`);
      const value = JSON.parse(readFileSync(join(root, `${path}.json`), 'utf8'), reviveBytes);
      return { subject, version: Number(version), name, path, value, body: readIfThere(bin) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Converts `{"$hex": "…"}` in the JSON to bytes. */
function reviveBytes(_key: string, value: unknown): unknown {
  const hex = (value as { $hex?: unknown } | null)?.$hex;
  return typeof hex === 'string' ? Buffer.from(hex, 'hex') : value;
}

function readIfThere(path: string): Buffer | null {
  return existsSync(path) ? readFileSync(path) : null;
}
