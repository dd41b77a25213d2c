import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Folders that often contain servers but are not on a user's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The first executable of that name on PATH, or in the other folders. */
export function findOnPath(command: string, others: readonly string[] = SERVER_FOLDERS): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...others];
  for (const folder of folders.filter(Boolean)) {
    const file = path.join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The command is not in this folder, so the next one is tried.
    }
  }
  return null;
}
