/** Predicts the result of a dead letter in the worker of this build, as far as its bytes show it. */
import type { OrderCommand } from '../../schemas/index.ts';
import { commandProblem, isDecided } from '../../services/domain/index.ts';
import { CHECKSUM_HEADER, PoisonError, verifyChecksum } from '../../services/shared/codec/index.ts';
import { partitionOfOrder, partitionOfSku } from '../../topics/partition.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import { plainHeaders } from './bytes.ts';
import type { DeadLetter } from './dead-letters.ts';

export interface Judgement {
  /** `unsure`: the bytes are valid, so only an attempt can show the result. */
  verdict: 'pass' | 'unsure' | 'fail' | 'gone';
  /** Code of the reason. Empty for `pass`. */
  code: string;
  why: string;
  /** The target partition, by the key or by the source record. */
  partition: number;
  /** Records of one key are redriven in order. */
  key: string;
}

/** Reasons that the bytes do not show: the record failed a transaction or crashed a process. */
const REASONS_BEYOND_BYTES: ReadonlySet<string> = new Set(['QUARANTINED', 'DATA_REFUSED', 'SKIPPED']);

/** Judges one dead letter. `record` is undefined if its bytes are no longer on the dead-letter topic. */
export async function judge(
  deadLetter: DeadLetter,
  record: LogRecord | undefined,
  decoder: Decoder,
): Promise<Judgement> {
  const { partition, orderId } = deadLetter;
  if (record === undefined) {
    const why = 'its bytes are no longer on the dead-letter topic';
    return { verdict: 'gone', code: 'GONE', why, partition, key: orderId ?? `partition ${partition}` };
  }
  const source = { partition, key: keyOf(record) };
  const fail = (code: string, why: string, place = source): Judgement => ({
    ...place,
    verdict: 'fail',
    code,
    why,
  });
  const checksum = checksumProblem(record);
  if (checksum !== null) return fail(checksum.code, checksum.message);
  const decoded = await decoder.command(record);
  if (decoded.kind === 'poison') return fail(decoded.code, decoded.message);

  const command = decoded.value;
  const problem = commandProblem(command);
  if (problem !== null) return fail('INVALID_COMMAND', problem);
  const place = placeOf(command);
  if (!isDecided(command.type)) {
    return fail('NOT_DECIDED', `this version does not decide ${command.type}; its lane would stop`, place);
  }
  if (REASONS_BEYOND_BYTES.has(deadLetter.reason)) {
    return { ...place, verdict: 'unsure', code: deadLetter.reason, why: 'only another attempt can show it' };
  }
  return { ...place, verdict: 'pass', code: '', why: '' };
}

function checksumProblem(record: LogRecord): PoisonError | null {
  try {
    verifyChecksum(record.value, plainHeaders(record)[CHECKSUM_HEADER]);
    return null;
  } catch (error) {
    if (error instanceof PoisonError) return error;
    throw error;
  }
}

function placeOf(command: OrderCommand): { partition: number; key: string } {
  if (command.type === 'ADJUST_STOCK') {
    const { sku } = command.payload;
    return { partition: partitionOfSku(sku), key: `sku ${sku}` };
  }
  return { partition: partitionOfOrder(command.orderId!), key: command.orderId! };
}

/** The key of an unreadable record. If it has no key, its whole partition counts as one key. */
function keyOf({ key, partition }: LogRecord): string {
  return key === null || key.length === 0 ? `partition ${partition}` : key.toString('latin1');
}
