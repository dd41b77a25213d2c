/** The file of archived rows: one JSON object per line, with the name of the table. */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';

export interface ArchiveFile {
  readonly path: string;
  add(table: string, rows: readonly object[]): Promise<void>;
  /** Resolves once all lines are on the disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Creates a new file in the folder. Only its owner can read it, because reasons may be personal data. */
export async function openArchiveFile(folder: string): Promise<ArchiveFile> {
  await mkdir(folder, { recursive: true });
  const name = `orders-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.ndjson`;
  const file = path.join(folder, name);
  const handle: FileHandle = await open(file, 'ax', 0o600);
  return {
    path: file,
    async add(table, rows) {
      const lines = rows.map((row) => `${JSON.stringify({ table, ...row }, asText)}\n`);
      await handle.appendFile(lines.join(''));
    },
    flush: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** Ids and hashes are in hexadecimal. */
function asText(_name: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: number[] };
  return type === 'Buffer' ? Buffer.from(data!).toString('hex') : value;
}
