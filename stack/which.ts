import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The first executable of that name on PATH, also where servers usually live but ordinary users do not look. */
export function findOnPath(command: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders.filter(Boolean)) {
    const file = path.join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder: the next one is asked.
    }
  }
  return null;
}
