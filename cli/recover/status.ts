/** `orderstream recover status`: shows stopped lanes, the reason, and the command that continues them. */
import type { Connection } from 'mysql2/promise';
import { type Halt, readHalt } from '../../services/worker/store/halts.ts';
import { rowsOf } from '../database.ts';
import { print, printJson, table } from '../output.ts';
import { checkLanes, type LaneCheck } from './lane-facts.ts';
import { withServers } from './opened.ts';

/**
 * Prints the halt of the pipeline and every lane that does not match the logs. The exit code is 1 if there is a
 * halt or such a lane.
 */
export async function showStatus({ name, json }: { name: string; json?: boolean }): Promise<void> {
  const { halt, checks } = await withServers(name, async (opened) => ({
    checks: await checkLanes(opened),
    halt: await haltOf(opened.db),
  }));
  const stops = stopsOf(checks);
  if (stops.length > 0 || halt !== null) process.exitCode = 1;
  if (json) return printJson({ halt, stops });
  if (halt !== null) {
    print(
      `the pipeline has been halted since ${new Date(halt.detectedAtMs).toISOString()}, found by ${halt.detectedBy}`,
    );
    print(halt.message);
  }
  if (stops.length === 0) return print(`all ${checks.length} lanes match both logs`);
  print(table([['partition', 'why'], ...stops.map(({ partition, why }) => [partition, why])]));
  for (const { partition, message } of stops) print(`lane ${partition}: ${message}`);
}

export interface Stop {
  readonly partition: number;
  readonly why: string;
  readonly message: string;
}

/** The lanes that do not match, ordered by partition. */
export function stopsOf(checks: readonly LaneCheck[]): Stop[] {
  return checks.flatMap(({ row, problem }) =>
    problem === null ? [] : [{ partition: row.partition, ...problem }],
  );
}

export function haltOf(db: Connection): Promise<Halt | null> {
  return readHalt(rowsOf(db));
}
