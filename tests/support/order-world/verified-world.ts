/**
 * A small world (order-world.ts) for `orderstream verify`: its tables are in a database, and its logs are in
 * memory.
 */
import type { Connection } from 'mysql2/promise';
import { withDatabase } from '../../../cli/database.ts';
import { decoderOf } from '../../../cli/kafka/decoder.ts';
import type { CheckName } from '../../../cli/verify/checks.ts';
import { type VerifyReport, verify } from '../../../cli/verify/verify.ts';
import type { OrderState } from '../../../schemas/index.ts';
import { bundledCodecs, bundledStateCodec } from '../../../services/shared/codec/index.ts';
import { readerOf, type World, type WorldRecord } from './order-world.ts';
import { stateLog } from './order-world-states.ts';
import { writeTables } from './order-world-tables.ts';

export const codecs = bundledCodecs({ commandsId: 1, eventsId: 2 });
const stateCodec = bundledStateCodec(3);
export const decoder = decoderOf(codecs, stateCodec);

/** Writes the tables of the world into the database of `mysqlUrl` and verifies the world. */
export function verifyWorld(
  mysqlUrl: string,
  world: World,
  states: readonly WorldRecord<OrderState>[] = [],
): Promise<VerifyReport> {
  return withDatabase(mysqlUrl, async (db: Connection) => {
    await writeTables(db, world);
    const reader = readerOf(world, codecs, stateLog(states, stateCodec));
    return verify({ db, reader, decoder, topicPrefix: '', waitMs: 100 });
  });
}

/** Number of faults by check, without the checks that found none. */
export function faultCounts(report: VerifyReport): Partial<Record<CheckName, number>> {
  return Object.fromEntries(
    report.results.filter(({ count }) => count > 0).map(({ check, count }) => [check, count]),
  );
}
