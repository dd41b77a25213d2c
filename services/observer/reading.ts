/** One look at lanes and groups. It needs Kafka, and goes on without the database. */
import { COMMANDS, GROUPS } from '../../topics/index.ts';
import {
  type GroupDeps,
  type GroupStanding,
  groupStandings,
  type LaneRow,
  type LaneStanding,
  readLaneRows,
  readStandings,
} from '../inspection/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';

export interface Reading {
  /** A clock that never goes back, in ms. */
  readonly monotonicMs: number;
  /** Epoch ms by the clock of the database. */
  readonly nowMs: number;
  readonly lanes: readonly LaneStanding[];
  readonly groups: readonly GroupStanding[];
  /** Whether the positions of the lanes come from the database. Otherwise they are the offsets of the group. */
  readonly hasTables: boolean;
}

export interface ReadingDeps extends GroupDeps {
  readonly db: Pick<Queryable, 'rows'>;
  /** Epoch ms by the clock of the database. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly onDatabase: (error: unknown) => void;
}

export interface Reader {
  /** Throws KAFKA_UNAVAILABLE. */
  read(): Promise<Reading>;
}

/**
 * While the database is away, the offsets of the worker's group stand for the published offsets. They follow them, so the
 * lag is never too small.
 */
export function createReader(deps: ReadingDeps): Reader {
  let lastRows: readonly LaneRow[] = [];
  return {
    async read() {
      const rows = await readRows(deps);
      lastRows = rows ?? lastRows;
      const groups = await groupStandings(deps);
      const nowMs = deps.nowMs();
      const positions = rows ?? rowsOfGroup(lastRows, groups);
      const lanes = await readStandings(deps, positions, nowMs);
      return { monotonicMs: deps.monotonicMs(), nowMs, lanes, groups, hasTables: rows !== null };
    },
  };
}

async function readRows({ db, onDatabase }: ReadingDeps): Promise<readonly LaneRow[] | null> {
  try {
    const rows = await readLaneRows(db);
    onDatabase(null);
    return rows;
  } catch (error) {
    onDatabase(error);
    return null;
  }
}

/** The lanes at the offsets of the worker's group, with what was last known of their owners. */
function rowsOfGroup(lastRows: readonly LaneRow[], groups: readonly GroupStanding[]): LaneRow[] {
  return groups
    .filter(({ group, topic }) => group === GROUPS.worker && topic === COMMANDS)
    .map(({ partition, committed, low }) => {
      const last = lastRows.find((row) => row.partition === partition);
      const next = Math.max(committed ?? low, last?.published ?? 0);
      return { ...unknownLane, ...last, partition, next, published: next, outboxRows: 0, wait: null };
    });
}

const unknownLane: Omit<LaneRow, 'partition' | 'next' | 'published'> = {
  owner: '',
  epoch: 0,
  movedAtMs: 0,
  outboxRows: 0,
  suspect: null,
  deaths: 0,
  wait: null,
};
