/** `orderstream recover status`: which lanes do not fit the logs, and why. */
import { print, printJson, table } from '../output.ts';
import { checkLanes } from './lane-facts.ts';
import { withServers } from './opened.ts';

/** Prints every lane that does not fit, or that all do; exit code 1 where one does not. */
export async function showStatus({ name, json }: { name: string; json?: boolean }): Promise<void> {
  const checks = await withServers(name, checkLanes);
  const stops = checks.flatMap(({ row, problem }) =>
    problem === null ? [] : [{ partition: row.partition, ...problem }],
  );
  if (stops.length > 0) process.exitCode = 1;
  if (json) return printJson({ stops });
  if (stops.length === 0) return print(`all ${checks.length} lanes fit both logs`);
  print(
    table([
      ['partition', 'why', 'what was found'],
      ...stops.map(({ partition, why, message }) => [partition, why, message]),
    ]),
  );
}
