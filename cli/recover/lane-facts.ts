/** What both logs and the tables say about every lane, as a worker would read it when it claims the lane. */
import {
  type LaneFacts,
  type PositionProblem,
  positionProblem,
} from '../../services/worker/position-problem.ts';
import { COMMANDS, EVENTS, GROUPS } from '../../topics/catalogue.ts';
import type { Range } from '../kafka/log-reader.ts';
import { type LaneRow, readLanes } from '../lag/lanes.ts';
import type { Opened } from './opened.ts';

export interface LaneCheck {
  readonly row: LaneRow;
  readonly facts: LaneFacts;
  readonly problem: PositionProblem | null;
}

/** Holds every lane that a worker ever claimed against the logs. */
export async function checkLanes({ db, reader, admin }: Opened): Promise<LaneCheck[]> {
  // The logs first: workers may go on meanwhile, so that positions found afterwards can only be further.
  const events = await reader.ranges(EVENTS);
  const lastSources = await Promise.all(
    events.map((range, partition) => lastSource(reader, partition, range)),
  );
  const groupOffsets = await admin.groupOffsets(GROUPS.worker, COMMANDS);
  const rows = await readLanes(db);
  // The end of the commands last: what a worker decides now was there before.
  const commands = await reader.ranges(COMMANDS);
  return rows.map((row) => {
    const group = groupOffsets.get(row.partition) ?? null;
    const facts: LaneFacts = {
      nextOffset: row.next,
      commands: commands[row.partition] ?? { low: 0, high: 0 },
      groupOffset: group === null ? null : Number(group),
      lastSource: lastSources[row.partition] ?? null,
    };
    return { row, facts, problem: positionProblem(facts) };
  });
}

/** Source offset of the newest outcome of the partition, by the id that each carries. */
async function lastSource(
  reader: Opened['reader'],
  partition: number,
  { low, high }: Range,
): Promise<number | null> {
  if (high === low) return null;
  for await (const records of reader.read(EVENTS, partition, high - 1, high)) {
    const id = records.at(-1)?.headers['ce_id'];
    const match = /^\d+-(\d+)$/.exec(String(id ?? ''));
    if (match !== null) return Number(match[1]);
  }
  return null;
}
