/**
 * Handles records whose schema id is in doubt: the id is unknown, or its schema does not decode the record. Either
 * the record is not a command, or the registry was rebuilt with other ids. In the second case the content shows that
 * the record is a command. The worker then decides it. If no record can be decoded by its id, the lane waits.
 */
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import {
  type DeadLetter,
  type DecodeDeps,
  type Doubt,
  deadLetter,
  problemOf,
  readRecord,
} from './read-record.ts';

/** The lane must wait before the record. */
export interface DoubtWait {
  readonly wait: string;
  readonly needsOperator: boolean;
}

/**
 * Returns the command, a dead letter, or the reason for which the lane waits. `behind` are the next records of the
 * lane.
 */
export async function resolveDoubt(
  deps: DecodeDeps,
  doubt: Doubt,
  behind: readonly InRecord[],
): Promise<OrderCommand | DeadLetter | DoubtWait> {
  const { codec } = deps;
  const { doubted: record, schemaId } = doubt;
  let letter = doubt.poison;
  if (letter === null) {
    const answer = await askRegistry(deps, record, schemaId);
    if (!('doubted' in answer)) return answer;
    letter =
      answer.poison ??
      deadLetter(record, 'UNKNOWN_SCHEMA', `Schema ${schemaId} is registered nowhere.`, schemaId);
  }
  const command = readByContent(deps, record, schemaId);
  if (command !== null) return command;
  if (codec.hasDecoded() || behind.some((each) => isReadById(deps, each))) return letter;
  const wait = `nothing can be read by its schema id, for example ${schemaId}: was the registry rebuilt?`;
  return { wait, needsOperator: true };
}

/** Reads the record again after a request to the registry. Returns a doubt if the registry does not know the id. */
async function askRegistry(
  deps: DecodeDeps,
  record: InRecord,
  schemaId: number,
): Promise<OrderCommand | DeadLetter | Doubt | DoubtWait> {
  try {
    const found = await deps.codec.resolveSchema(schemaId);
    return found === 'known' ? readRecord(deps, record) : { doubted: record, schemaId, poison: null };
  } catch (error) {
    return { wait: `schema ${schemaId} cannot be prepared: ${errorMessage(error)}`, needsOperator: false };
  }
}

/**
 * The record as a command of a bundled schema version, or null. The version must decode every byte to a valid
 * command. The key and the partition of the record must be right for this command. Only a command passes all these
 * checks.
 */
function readByContent({ codec, log }: DecodeDeps, record: InRecord, schemaId: number): OrderCommand | null {
  const command = codec.decodeByContent(record.value);
  if (command === null || problemOf(command, record.partition) !== null) return null;
  const key = command.type === 'ADJUST_STOCK' ? command.payload.sku : command.orderId;
  if (key === null || record.key?.toString() !== key) return null;
  const { partition, offset } = record;
  log.warn(
    { partition, offset: Number(offset), schemaId },
    'the worker decoded a command by its content, because its schema id is wrong',
  );
  return command;
}

function isReadById({ codec }: DecodeDeps, { value }: InRecord): boolean {
  try {
    codec.decode(value);
    return true;
  } catch {
    // The worker reports the error when it decodes this record in its turn.
    return false;
  }
}
