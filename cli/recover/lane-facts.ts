/**
 * Reads the state of every lane in both logs and the tables. It uses the same checks as a worker that claims a
 * lane.
 */

import { createLogger } from '../../services/shared/log/index.ts';
import { readAllLanes } from '../../services/worker/store/positions.ts';
import { factsOf, type LogFactsDeps, readLogs } from '../../services/worker/takeover/log-facts.ts';
import {
  type LaneFacts,
  type PositionProblem,
  positionProblem,
} from '../../services/worker/takeover/position-problem.ts';
import { COMMANDS, EVENTS, GROUPS } from '../../topics/catalogue.ts';
import { rowsOf } from '../database.ts';
import { namingMissing } from '../kafka/missing-topic.ts';
import type { Opened } from './opened.ts';

export type LaneRow = Awaited<ReturnType<typeof readAllLanes>>[number];

export interface LaneCheck {
  readonly row: LaneRow;
  readonly facts: LaneFacts;
  readonly problem: PositionProblem | null;
}

/** Compares every lane that a worker ever claimed with the logs. */
export function checkLanes(opened: Opened): Promise<LaneCheck[]> {
  return namingMissing(opened.settings, [COMMANDS, EVENTS], () => readChecks(opened));
}

async function readChecks(opened: Opened): Promise<LaneCheck[]> {
  const deps = logFactsOf(opened);
  const partitions = (await readAllLanes(rowsOf(opened.db), COMMANDS)).map(({ partition }) => partition);
  // Read the logs first. Workers may continue meanwhile, so positions that are read later can only be higher.
  const logs = await readLogs(deps, partitions);
  const rows = await readAllLanes(rowsOf(opened.db), COMMANDS);
  const facts = await factsOf(deps, rows, logs);
  return rows.map((row) => {
    const found = facts.get(row.partition)!;
    return { row, facts: found, problem: positionProblem(found) };
  });
}

function logFactsOf({ admin, eventsAdmin, probe, settings }: Opened): LogFactsDeps {
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  return { topic: COMMANDS, groupId: GROUPS.worker, settings, admin, eventsAdmin, probe, log };
}
