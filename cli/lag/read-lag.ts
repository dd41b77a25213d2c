/** What `orderstream lag` shows: lanes, groups, due timers and open refunds at one moment. */
import type { Connection } from 'mysql2/promise';
import {
  createRecordTimes,
  type GroupDeps,
  type GroupStanding,
  groupStandings,
  type LaneStanding,
  readLaneRows,
  readStandings,
} from '../../services/inspection/index.ts';
import { createAdmin, createKafkaConfig, createLogProbe } from '../../services/shared/kafka/index.ts';
import type { Halt } from '../../services/worker/store/halts.ts';
import { topicCatalogue } from '../../topics/catalogue.ts';
import { databaseNowMs, rowsOf, withDatabase } from '../database.ts';
import { haltOf } from '../recover/status.ts';
import { findServers } from '../servers.ts';
import { type OpenRefunds, readOpenRefunds } from './open-refunds.ts';
import { readTimers, type TimerStanding } from './timers.ts';

/** The tables are not read for a group of another team. */
export interface LagTables {
  readonly lanes: LaneStanding[];
  readonly halt: Halt | null;
  readonly timers: TimerStanding;
  readonly refunds: OpenRefunds;
}

export interface Lag {
  /** Epoch ms: by the clock of the database, or of this machine if the tables are not read. */
  readonly nowMs: number;
  readonly groups: GroupStanding[];
  readonly tables: LagTables | null;
}

export interface LagReader {
  /** Throws KAFKA_UNAVAILABLE, and errors of the database. */
  read(): Promise<Lag>;
}

/**
 * Runs `work` with a reader, and closes its connections afterwards.
 *
 * @param group one group, on every topic for which it has an offset. Without it: the groups of this product, and the tables
 */
export async function withLagReader<T>(
  { name, group }: { name: string; group?: string | undefined },
  work: (reader: LagReader) => Promise<T>,
): Promise<T> {
  const settings = createKafkaConfig(await findServers(name, process.env, ['kafka']), 'orderstream-cli');
  const admin = createAdmin(settings);
  const probe = createLogProbe(settings);
  const deps = { admin, times: createRecordTimes(probe) };
  try {
    if (group !== undefined) return await work({ read: () => readGroup(deps, group) });
    const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
    return await withDatabase(mysqlUrl, (db) => work({ read: () => readAll(deps, db) }));
  } finally {
    probe.close();
    await admin.close();
  }
}

async function readGroup(deps: GroupDeps, group: string): Promise<Lag> {
  const topics = topicCatalogue.map(({ name }) => name);
  const groups = await groupStandings(deps, [{ group, topics }]);
  return { nowMs: Date.now(), groups, tables: null };
}

async function readAll(deps: GroupDeps, db: Connection): Promise<Lag> {
  const rows = await readLaneRows(rowsOf(db));
  const halt = await haltOf(db);
  const nowMs = await databaseNowMs(db);
  const lanes = await readStandings(deps, rows, nowMs);
  const groups = await groupStandings(deps);
  const timers = await readTimers(db, nowMs);
  const refunds = await readOpenRefunds(db);
  return { nowMs, groups, tables: { lanes, halt, timers, refunds } };
}
