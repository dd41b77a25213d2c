/**
 * Matches commands and outcomes of one partition in constant memory. It has a set of answered offsets, and rings
 * with a checksum per offset. A command may be read before or after its outcome, so each side waits for the other
 * in its ring.
 */

import type { Difference } from '../findings/finding-kinds.ts';
import { createLasting, type Lasting } from '../findings/lasting.ts';
import { createGaps } from '../following/gaps.ts';
import { createOffsetSet, windowOffsets } from '../following/offset-set.ts';

/** Number of offsets whose checksums are kept. A record that arrives later is not compared. */
const ringOffsets = 65_536;

export interface Ledger {
  /** Notes a command that was read. `keyHash` is the checksum of the key of its record. */
  command(offset: number, keyHash: number): void;
  /** Notes an outcome that was read. `keyHash` is null if its key is unusable. Returns `false` for a repeat. */
  outcome(offset: number, keyHash: number | null, valueHash: number): boolean;
  /** First source offset without an outcome. */
  watermark(): number;
  /** The offset after the last command read. */
  commandsEnd(): number;
  /** Checksum of the key of the command at `offset`. Null if the command was not read or was read too long ago. */
  commandKey(offset: number): number | null;
  /** The offset after the source offset of the last outcome. */
  outcomesEnd(): number;
  /** The offset below which no more outcomes can arrive: the newest outcome, or the argument of `settle`. */
  followedTo(): number;
  /** Notes that all records with outcomes below `limit` were read. */
  settle(limit: number): void;
  /** Whether the command at `offset` is below `limit` and has no outcome. This includes skipped offsets. */
  isMissing(offset: number, limit: number): boolean;
  /** Commands below `limit` without an outcome: the lowest `max` offsets, and their number. */
  missingBelow(limit: number, max: number): { offsets: number[]; count: number };
  /** Differences that stay in the log. They are found only once. */
  lasting: Lasting;
}

/**
 * @param first source offset at which following begins. Outcomes of earlier commands are not compared
 * @param knownMissing earlier offsets whose outcomes are missing and may still arrive
 */
export function createLedger(partition: number, first: number, knownMissing: Iterable<number> = []): Ledger {
  const lost = createGaps(knownMissing);
  const answered = createOffsetSet(first, lost.add);
  const commandKeys = createRing();
  const outcomeKeys = createRing();
  const outcomeValues = createRing();
  const lasting = createLasting();
  let commandsEnd = first;
  let outcomesEnd = first;
  let settled = first;

  const subject = (offset: number): string => `${partition}-${offset}`;
  const report = (kind: Difference['kind'], offset: number, expected: number, actual: number): void => {
    lasting.add({ kind, subject: subject(offset), expected: hex(expected), actual: hex(actual) });
  };
  const compareKeys = (offset: number, command: number | null, outcome: number | null): void => {
    if (command === null || outcome === null || command === outcome) return;
    report('OUTCOME_KEY_DIFFERS', offset, command, outcome);
  };

  return {
    command(offset, keyHash) {
      if (offset < commandsEnd) return;
      // Offsets that are missing in the log are no commands and need no outcome.
      for (let gap = Math.max(commandsEnd, offset - ringOffsets); gap < offset; gap++) answered.add(gap);
      commandsEnd = offset + 1;
      commandKeys.set(offset, keyHash);
      compareKeys(offset, keyHash, outcomeKeys.get(offset));
    },
    outcome(offset, keyHash, valueHash) {
      if (offset < first) return lost.delete(offset);
      const earlier = outcomeValues.get(offset);
      const state = answered.add(offset);
      const isRepeat = (state !== 'new' && !lost.delete(offset)) || earlier !== null;
      if (isRepeat) {
        if (earlier !== null && earlier !== valueHash) report('OUTCOME_CHANGED', offset, earlier, valueHash);
        return false;
      }
      outcomesEnd = Math.max(outcomesEnd, offset + 1);
      if (keyHash !== null) outcomeKeys.set(offset, keyHash);
      outcomeValues.set(offset, valueHash);
      compareKeys(offset, commandKeys.get(offset), keyHash);
      return true;
    },
    watermark: () => answered.watermark(),
    commandsEnd: () => commandsEnd,
    commandKey: (offset) => (offset < 0 ? null : commandKeys.get(offset)),
    outcomesEnd: () => outcomesEnd,
    followedTo: () => Math.max(outcomesEnd, settled),
    settle(limit) {
      settled = Math.max(settled, limit);
    },
    isMissing: (offset, limit) => lost.has(offset) || (offset < limit && !answered.has(offset)),
    missingBelow(limit, max) {
      const open = answered.missingBelow(limit, windowOffsets);
      return { offsets: [...lost.first(max), ...open].slice(0, max), count: lost.count() + open.length };
    },
    lasting,
  };
}

interface Ring {
  set(offset: number, value: number): void;
  get(offset: number): number | null;
}

function createRing(): Ring {
  const offsets = new Float64Array(ringOffsets).fill(-1);
  const values = new Uint32Array(ringOffsets);
  return {
    set(offset, value) {
      offsets[offset % ringOffsets] = offset;
      values[offset % ringOffsets] = value;
    },
    get: (offset) => (offsets[offset % ringOffsets] === offset ? values[offset % ringOffsets]! : null),
  };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
