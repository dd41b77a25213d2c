/** Adds one partition of the command log to a LaneLog that already has the outcomes. */
import { createHash } from 'node:crypto';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import type { Findings } from './checks.ts';
import {
  askedChecksum,
  DEAD_LETTERED,
  HAS_COMMAND,
  HAS_OUTCOME,
  IS_PLACE,
  type LaneLog,
  namesChecksum,
} from './lane-log.ts';

export interface CommandDeps {
  lane: LaneLog;
  findings: Findings;
  decode: Decoder['command'];
}

/** Takes the next commands of the partition, in log order. Returns their number. */
export async function takeCommands(
  records: LogRecord[],
  { lane, findings, decode }: CommandDeps,
): Promise<number> {
  for (const record of records) {
    const where = `commands ${record.partition}@${record.offset}`;
    const index = record.offset - lane.base;
    const flags = lane.flags[index] ?? 0;
    lane.flags[index] = flags | HAS_COMMAND;
    if ((flags & HAS_OUTCOME) === 0) {
      findings.add('noOutcome', where);
      continue;
    }
    if ((flags & DEAD_LETTERED) !== 0) {
      lane.deadValues.set(record.offset, sha256(record.value));
      continue;
    }
    const decoded = await decode(record);
    if (decoded.kind === 'poison') {
      findings.add('unlikeCommand', `${where}: cannot be decoded (${decoded.code}), but is no dead letter`);
      continue;
    }
    const { type, commandId, orderId, payload } = decoded.value;
    if (lane.names[index] !== namesChecksum(type, commandId, orderId)) {
      findings.add('unlikeCommand', `${where}: ${type} ${commandId} of order ${orderId}`);
    }
    if (type !== 'PLACE' || !('lines' in payload)) continue;
    lane.flags[index] = flags | HAS_COMMAND | IS_PLACE;
    lane.asked[index] = askedChecksum(payload.lines);
  }
  return records.length;
}

/** Finds outcomes without a command. The log was read from `from` on. */
export function findOutcomesWithoutCommand(lane: LaneLog, from: number, findings: Findings): void {
  for (let offset = Math.max(from, lane.base); offset < lane.next; offset += 1) {
    const flags = lane.flags[offset - lane.base] ?? 0;
    if ((flags & HAS_OUTCOME) !== 0 && (flags & HAS_COMMAND) === 0) {
      findings.add('noCommand', `outcome of ${lane.partition}@${offset}`);
    }
  }
}

/** Hex digest of the value of a record. A missing value counts as empty. */
export function sha256(value: Buffer | null): string {
  return createHash('sha256')
    .update(value ?? Buffer.alloc(0))
    .digest('hex');
}
