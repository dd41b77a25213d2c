/**
 * Finds outcomes of an earlier command topic. An adopted topic that was recreated begins at the position of the
 * lane. Lower offsets belong to commands of the previous topic. Their outcomes may have been published before
 * following began. So they are looked up before an outcome counts as missing.
 */
import { crc32 } from 'node:zlib';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';

export interface OffsetSpan {
  readonly low: bigint;
  readonly high: bigint;
}

/** Records of the outcome topic with `from <= offset < to`. */
export type ReadOutcomes = (partition: number, from: bigint, to: bigint) => Promise<readonly InRecord[]>;

export type FindOldOutcomes = (
  partition: number,
  ledger: Ledger,
  ranges: { commands: OffsetSpan; events: OffsetSpan },
  signal: AbortSignal,
) => Promise<void>;

/** Maximum number of records in memory. */
const chunkRecords = 5_000n;

/**
 * Looks up missing outcomes below the start of the command topic. It looks up each offset only once, because a
 * lookup may read the whole partition.
 */
export function createOldOutcomes(readOutcomes: ReadOutcomes): FindOldOutcomes {
  const lookedBelow = new Map<number, number>();
  return async (partition, ledger, { commands, events }, signal) => {
    const low = Number(commands.low);
    const from = lookedBelow.get(partition) ?? 0;
    const { offsets } = ledger.missingBelow(low, Number.POSITIVE_INFINITY);
    const missing = new Set(offsets.filter((offset) => offset >= from && offset < low));
    for (let at = events.low; at < events.high && missing.size > 0; at += chunkRecords) {
      signal.throwIfAborted();
      const to = at + chunkRecords < events.high ? at + chunkRecords : events.high;
      for (const record of await readOutcomes(partition, at, to)) {
        const source = sourceOf(record);
        if (missing.delete(source)) ledger.outcome(source, null, crc32(record.value ?? ''));
      }
    }
    lookedBelow.set(partition, Math.max(from, low));
  };
}

/** The source offset from the event id `<source partition>-<source offset>`, or -1 for another id. */
function sourceOf(record: InRecord): number {
  const match = /^\d+-(\d+)$/.exec(headerOf(record, 'ce_id')?.toString() ?? '');
  return match === null ? -1 : Number(match[1]);
}
