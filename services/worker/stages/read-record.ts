/** Reads one record as a command, a dead letter, or a doubt about its schema. */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { partitionOfOrder, partitionOfSku } from '../../../topics/partition.ts';
import { commandProblem } from '../../domain/index.ts';
import {
  CHECKSUM_HEADER,
  type Codec,
  PoisonError,
  UnknownSchemaError,
  verifyChecksum,
} from '../../shared/codec/index.ts';
import { isUuid } from '../../shared/ids/index.ts';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Quarantine } from './quarantine.ts';

export interface DecodeDeps {
  readonly codec: Codec<OrderCommand>;
  readonly quarantine: Quarantine;
  /** Whether this process can open sealed commands. */
  readonly opensSealed: boolean;
  readonly log: Logger;
}

/** Why a record becomes a dead letter. */
export interface DeadLetter {
  readonly record: InRecord;
  readonly code: string;
  readonly message: string;
  readonly schemaId: number | null;
  readonly orderId: string | null;
}

/** A record that cannot be decoded by its schema id, although it may be a command. */
export interface Doubt {
  readonly doubted: InRecord;
  readonly schemaId: number;
  /** The dead letter for this record if the schema id is right. Null if this process does not have the id. */
  readonly poison: DeadLetter | null;
}

/** Error codes that depend on both the bytes and the schema of the id. */
const schemaCodes: ReadonlySet<string> = new Set([
  'TRUNCATED',
  'TRAILING_BYTES',
  'COUNT_TOO_LARGE',
  'INVALID_UTF8',
  'INVALID_VALUE',
  'TYPE_MISMATCH',
]);

export function readRecord(deps: DecodeDeps, record: InRecord): OrderCommand | DeadLetter | Doubt {
  const verdict = deps.quarantine.verdictOn(record.partition, record.offset);
  if (verdict !== null) return deadLetter(record, verdict.code, verdict.message, null);
  try {
    verifyChecksum(record.value, headerOf(record, CHECKSUM_HEADER));
    const command = deps.codec.decode(record.value);
    const problem = problemOf(command, record.partition);
    return problem === null ? command : deadLetter(record, 'INVALID_COMMAND', problem, null);
  } catch (error) {
    if (error instanceof UnknownSchemaError)
      return { doubted: record, schemaId: error.schemaId, poison: null };
    if (!(error instanceof PoisonError)) throw error;
    const letter = deadLetter(record, error.code, error.message, error.schemaId);
    return isOfSchema(error, record)
      ? { doubted: record, schemaId: error.schemaId!, poison: letter }
      : letter;
  }
}

/**
 * Whether another schema may decode the record. If the bytes do not fit the schema, a correct checksum shows that
 * another schema may fit. Without a checksum the bytes may be damaged.
 */
function isOfSchema({ code, schemaId }: PoisonError, record: InRecord): boolean {
  if (schemaId === null) return false;
  return (
    code === 'WRONG_SUBJECT' || (schemaCodes.has(code) && headerOf(record, CHECKSUM_HEADER) !== undefined)
  );
}

/** The rule that the command breaks, or null. */
export function problemOf(command: OrderCommand, partition: number): string | null {
  return commandProblem(command) ?? partitionProblem(command, partition);
}

/** All commands of an order are on one partition. A command on another partition would not be decided in order. */
function partitionProblem(command: OrderCommand, partition: number): string | null {
  const right =
    command.type === 'ADJUST_STOCK'
      ? partitionOfSku(command.payload.sku)
      : partitionOfOrder(command.orderId!);
  return right === partition ? null : `the command belongs to partition ${right}`;
}

export function deadLetter(
  record: InRecord,
  code: string,
  message: string,
  schemaId: number | null,
): DeadLetter {
  const key = record.key !== null && record.key.length === 36 ? record.key.toString('latin1') : '';
  return { record, code, message, schemaId, orderId: isUuid(key) ? key : null };
}
