/** Bytes to commands. What cannot be read becomes a dead letter; what this version cannot decide ends the lane's part before it. */

import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { partitionOfOrder, partitionOfSku } from '../../../topics/partition.ts';
import { commandProblem, isDecided, type SourceRecord } from '../../domain/index.ts';
import { type Codec, PoisonError, UnknownSchemaError, verifyChecksum } from '../../shared/codec/index.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { cut, type LaneBatch } from '../batch.ts';

/** Why a record is set aside. */
export interface DeadLetter {
  readonly record: InRecord;
  readonly code: string;
  readonly message: string;
  readonly schemaId: number | null;
  readonly orderId: string | null;
}

export interface DecodedPart extends LaneBatch {
  readonly sources: readonly SourceRecord[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Records that are set aside whatever their bytes say, by `verdictKey`: they broke a transaction, or a process. */
export type Verdicts = Map<string, { code: string; message: string }>;

/** The code of a record that an operator has skipped. */
export const SKIPPED = 'SKIPPED';

export interface DecodeDeps {
  readonly codec: Codec<OrderCommand>;
  readonly verdicts: Verdicts;
  readonly log: Logger;
}

/** Decodes the parts. A part that can only be worked up to some record is cut there; one that cannot begin is left out. */
export async function decodeParts(deps: DecodeDeps, parts: readonly LaneBatch[]): Promise<DecodedPart[]> {
  const decoded: DecodedPart[] = [];
  for (const part of parts) {
    const done = await decodePart(deps, part);
    if (done !== null) decoded.push(done);
  }
  return decoded;
}

export function verdictKey(partition: number, offset: number | bigint): string {
  return `${partition}-${offset}`;
}

async function decodePart(deps: DecodeDeps, part: LaneBatch): Promise<DecodedPart | null> {
  const sources: SourceRecord[] = [];
  const deadLetters: DeadLetter[] = [];
  let { prevOffset } = part.lane;
  for (const record of part.records) {
    let content = readRecord(deps, record);
    if (content instanceof UnknownSchemaError) {
      const { schemaId } = content;
      try {
        const found = await deps.codec.resolveSchema(schemaId);
        content =
          found === 'known'
            ? readRecord(deps, record)
            : deadLetter(record, 'UNKNOWN_SCHEMA', `Schema ${schemaId} is registered nowhere.`, schemaId);
      } catch (error) {
        const why = `schema ${schemaId} cannot be prepared: ${errorMessage(error)}`;
        return endBefore(part, sources, deadLetters, () => part.lane.holdBack(why));
      }
      if (content instanceof UnknownSchemaError) {
        const why = content.message;
        return endBefore(part, sources, deadLetters, () => part.lane.holdBack(why));
      }
    }
    if ('code' in content) {
      deadLetters.push(content);
    } else if (!isDecided(content.type)) {
      const why = `offset ${record.offset} holds ${content.type}, which this version does not decide`;
      return endBefore(part, sources, deadLetters, () => part.lane.holdBack(why, true));
    }
    const offset = Number(record.offset);
    sources.push({ partition: part.lane.partition, offset, prevOffset, content: contentOf(content) });
    prevOffset = offset;
  }
  return { ...part, sources, deadLetters };
}

/** Works what comes before the record that cannot be worked now; `halt` deals with the lane once that record leads. */
function endBefore(
  part: LaneBatch,
  sources: SourceRecord[],
  deadLetters: DeadLetter[],
  halt: () => void,
): DecodedPart | null {
  if (sources.length > 0) return { ...cut(part, sources.length), sources, deadLetters };
  halt();
  return null;
}

function readRecord(deps: DecodeDeps, record: InRecord): OrderCommand | DeadLetter | UnknownSchemaError {
  const verdict = deps.verdicts.get(verdictKey(record.partition, record.offset));
  if (verdict !== undefined) return deadLetter(record, verdict.code, verdict.message, null);
  try {
    verifyChecksum(record.value, record.headers);
    const command = deps.codec.decode(record.value);
    const problem = commandProblem(command) ?? partitionProblem(command, record.partition);
    return problem === null ? command : deadLetter(record, 'INVALID_COMMAND', problem, null);
  } catch (error) {
    if (error instanceof UnknownSchemaError) return error;
    if (error instanceof PoisonError) return deadLetter(record, error.code, error.message, error.schemaId);
    throw error;
  }
}

/** One order, one partition: a command elsewhere would be decided beside, not behind, the others of its order. */
function partitionProblem(command: OrderCommand, partition: number): string | null {
  const right =
    command.type === 'ADJUST_STOCK'
      ? partitionOfSku(command.payload.sku)
      : partitionOfOrder(command.orderId!);
  return right === partition ? null : `the command belongs to partition ${right}`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function deadLetter(record: InRecord, code: string, message: string, schemaId: number | null): DeadLetter {
  const key = record.key !== null && record.key.length === 36 ? record.key.toString('latin1') : '';
  return { record, code, message, schemaId, orderId: uuidPattern.test(key) ? key : null };
}

function contentOf(content: OrderCommand | DeadLetter): SourceRecord['content'] {
  if (!('code' in content)) return { kind: 'command', command: content };
  const { code, message, orderId } = content;
  return { kind: 'deadLetter', orderId, reason: { code, message, pointer: null, seen: null } };
}
