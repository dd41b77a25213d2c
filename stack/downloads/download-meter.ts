import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const MB = 1_000_000;
const UNITS: Record<string, number> = { B: 1, kB: 1_000, MB };

/**
 * Measures the progress of a download. The first source is Maven's lines "Downloaded from …: url (12 MB at 3
 * MB/s)". The second source is the size of the file that grows in Maven's repository. If the repository is not
 * at its usual location, only the lines count.
 */
export function createDownloadMeter(download: { label: string; megabytes: number; landsIn: string | null }) {
  const startedMs = performance.now();
  let finishedBytes = 0;
  return {
    read(line: string): void {
      const size = /^\s*(?:\[INFO\] )?Downloaded.*\(([\d.]+) (B|kB|MB) at /.exec(line);
      if (size) finishedBytes += Number(size[1]) * (UNITS[size[2] ?? ''] ?? 0);
    },
    progress(): string {
      const bytes = Math.max(finishedBytes, sizeOf(download.landsIn));
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      return `${download.label}: ${(bytes / MB).toFixed(0)} of about ${download.megabytes} MB after ${seconds} s`;
    },
  };
}

function sizeOf(folder: string | null): number {
  if (folder === null) return 0;
  try {
    const home = path.join(homedir(), '.m2', 'repository', folder);
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.reduce((sum, file) => sum + statSync(path.join(file.parentPath, file.name)).size, 0);
  } catch {
    // The download has not begun, or a file was renamed during the check. The next check is soon.
    return 0;
  }
}
