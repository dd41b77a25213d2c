/**
 * Decodes bytes to commands. Unreadable records become dead letters. A part ends before a record that this version
 * cannot decide.
 */

import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { isDecided, type SourceRecord } from '../../domain/index.ts';
import { cut, type LaneBatch } from '../lanes/batch.ts';
import { markOf, type RecordMark } from '../takeover/log-fingerprint.ts';
import { type DeadLetter, type DecodeDeps, type Doubt, readRecord } from './read-record.ts';
import { type DoubtWait, resolveDoubt } from './schema-doubt.ts';

export interface DecodedPart extends LaneBatch {
  readonly sources: readonly SourceRecord[];
  readonly deadLetters: readonly DeadLetter[];
  /** The fingerprint of its last record. */
  readonly record: RecordMark;
}

/** Decodes the parts. A part is cut before a record that must wait. A part that cannot begin is omitted. */
export async function decodeParts(deps: DecodeDeps, parts: readonly LaneBatch[]): Promise<DecodedPart[]> {
  const all: DecodedPart[] = [];
  for (const part of parts) {
    const done = await decodePart(deps, part);
    if (done !== null) all.push(done);
  }
  return all;
}

async function decodePart(deps: DecodeDeps, part: LaneBatch): Promise<DecodedPart | null> {
  const sources: SourceRecord[] = [];
  const deadLetters: DeadLetter[] = [];
  let { prevOffset } = part.lane.position;
  for (const [index, record] of part.records.entries()) {
    let content: OrderCommand | DeadLetter | Doubt | DoubtWait = readRecord(deps, record);
    if ('doubted' in content) content = await resolveDoubt(deps, content, part.records.slice(index + 1));
    if ('wait' in content) {
      const { wait, needsOperator } = content;
      return endBefore(part, sources, deadLetters, () => part.lane.blocked(wait, { needsOperator }));
    }
    if ('code' in content) {
      deadLetters.push(content);
    } else {
      const undecided = undecidedPart(content, deps.opensSealed);
      if (undecided !== null) {
        const why = `offset ${record.offset} holds ${undecided}`;
        return endBefore(part, sources, deadLetters, () => part.lane.blocked(why, { needsOperator: true }));
      }
    }
    const offset = Number(record.offset);
    sources.push({ partition: part.lane.partition, offset, prevOffset, content: contentOf(content) });
    prevOffset = offset;
  }
  return decoded(part, sources, deadLetters);
}

/** What this process cannot decide in the command, as a clause; null if there is nothing. */
function undecidedPart({ type, sealed }: OrderCommand, opensSealed: boolean): string | null {
  if (!isDecided(type)) return `${type}, which this version does not decide`;
  if (sealed === null || opensSealed) return null;
  return `a ${type} command with sealed fields, and PERSONAL_DATA_KEYS of this worker is not set`;
}

/** The part up to the record that must wait. If this is the first record, `halt` delays the lane. */
function endBefore(
  part: LaneBatch,
  sources: SourceRecord[],
  deadLetters: DeadLetter[],
  halt: () => void,
): DecodedPart | null {
  if (sources.length > 0) return decoded(cut(part, sources.length), sources, deadLetters);
  halt();
  return null;
}

function decoded(part: LaneBatch, sources: SourceRecord[], deadLetters: DeadLetter[]): DecodedPart {
  return { ...part, sources, deadLetters, record: markOf(part.records.at(-1)!) };
}

function contentOf(content: OrderCommand | DeadLetter): SourceRecord['content'] {
  if (!('code' in content)) return { kind: 'command', command: content };
  const { code, message, orderId } = content;
  return { kind: 'deadLetter', orderId, reason: { code, message, pointer: null, seen: null } };
}
