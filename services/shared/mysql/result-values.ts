/** What a script's answers hold, of the kind that its statements give. */
import { appError } from '../errors/index.ts';
import type { Answer, Row } from './types.ts';

/** Rows that the statement affected. Throws INTERNAL where it was one that gives rows. */
export function affectedRows(answer: Answer | undefined): number {
  if (answer === undefined || Array.isArray(answer))
    throw unexpected('the count of a statement without rows');
  return answer.affectedRows;
}

/** Rows that the statement gave. Throws INTERNAL where it was one that gives none. */
export function rowsOf<T extends object = Row>(answer: Answer | undefined): T[] {
  if (!Array.isArray(answer)) throw unexpected('rows');
  return answer as T[];
}

const unexpected = (wanted: string) => appError('INTERNAL', { reason: `an answer is not ${wanted}` });
