import { rmSync } from 'node:fs';
import path from 'node:path';
import { instanceDir } from '../../stack/index.ts';
import { keptLogsVariable, logFaults, searchKeptLogs } from '../../tests/support/records/kept-logs.ts';

/**
 * Keeps everything that services log in the following run. Call `search` at its end. It returns true if it
 * finds nothing.
 */
export function keepLogs(): { search(): boolean } {
  const dir = path.join(instanceDir('test'), 'test-logs');
  rmSync(dir, { recursive: true, force: true });
  process.env[keptLogsVariable] = dir;
  return {
    search() {
      const found = searchKeptLogs(dir);
      const faults = logFaults(found);
      const services = Object.entries(found.services).map(([name, lines]) => `${name} ${lines}`);
      for (const fault of faults) console.log(fault);
      console.log(
        `${faults.length === 0 ? 'ok    ' : 'FAILED'} nothing personal in ${found.lines} log lines (${services.join(', ')})`,
      );
      return faults.length === 0;
    },
  };
}
