/** Converts the results of a script to the type that each statement should return. */
import { appError } from '../errors/index.ts';
import type { Answer, Row } from './types.ts';

/** Number of affected rows. Throws INTERNAL for a statement that returns rows. */
export function affectedRows(answer: Answer | undefined): number {
  if (answer === undefined || Array.isArray(answer))
    throw unexpected('the count of a statement without rows');
  return answer.affectedRows;
}

/** The returned rows. Throws INTERNAL for a statement that does not return rows. */
export function rowsOf<T extends object = Row>(answer: Answer | undefined): T[] {
  if (!Array.isArray(answer)) throw unexpected('rows');
  return answer as T[];
}

const unexpected = (wanted: string) => appError('INTERNAL', { reason: `an answer is not ${wanted}` });
