import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AvroRecord } from './avro-schema.ts';

export interface SchemaFile {
  subject: string;
  version: number;
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
  schema: AvroRecord;
}

/** Every `schemas/<subject>/v<n>.avsc`, by subject and then version. */
export function readSchemaFiles(root: string): SchemaFile[] {
  const folder = join(root, 'schemas');
  const subjects = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name.endsWith('-value'),
  );
  return subjects
    .flatMap(({ name: subject }) =>
      readdirSync(join(folder, subject)).flatMap((file) => {
        const version = /^v(\d+)\.avsc$/.exec(file)?.[1];
        if (version === undefined) return [];
        const text = readFileSync(join(folder, subject, file), 'utf8');
        const schema = JSON.parse(text) as AvroRecord;
        return [{ subject, version: Number(version), path: `schemas/${subject}/${file}`, text, schema }];
      }),
    )
    .sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.version - b.version));
}

/** The newest version of each subject. */
export function newestOf(files: SchemaFile[]): SchemaFile[] {
  return files.filter((file, at) => files[at + 1]?.subject !== file.subject);
}
