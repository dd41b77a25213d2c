import { StackError } from './errors.ts';
import { instanceDir } from './instance.ts';
import { identify } from './processes/process-id.ts';
import {
  forgetProcess,
  recordProcess,
  runningNames,
  runningProcess,
  stopProcess,
} from './processes/processes.ts';
import { isServiceProcess } from './services.ts';

const RUN = 'start';
const LEFTOVER_DEADLINE_MS = 3_000;

/**
 * Reserves the services of an instance for the calling process. Ends services that a killed earlier process
 * left running. Returns a function that releases the instance.
 */
export async function claimInstance(name: string): Promise<() => void> {
  const dir = instanceDir(name);
  const other = runningProcess(dir, RUN);
  if (other) {
    throw new StackError(
      `"npm start" runs already for instance "${name}" (process ${other.pid}); stop it first, or use --name.`,
    );
  }
  const me = identify(process.pid);
  if (me) recordProcess(dir, RUN, me);
  const orphans = runningNames(dir).filter(isServiceProcess);
  await Promise.all(orphans.map((process) => stopProcess(dir, process, LEFTOVER_DEADLINE_MS)));
  return () => forgetProcess(dir, RUN);
}
