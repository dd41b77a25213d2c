/** Reads a table in the order of its key, a page per query. */
import type { Session } from '../../shared/mysql/index.ts';
import type { Pace } from '../checks/pace.ts';

/** Maximum number of rows of one query. */
export const pageRows = 4_000;

/** Where a walk reads, and how fast. */
export interface PagedReads {
  session: Pick<Session, 'rows'>;
  pace: Pace;
  signal: AbortSignal;
}

/**
 * Yields the rows of all pages. `readPage` reads at most `pageRows` rows after a key, and `keyOf` returns the key of a row.
 * `first` is below every key.
 */
export async function* readPages<Row, Key>(
  readPage: (after: Key) => Promise<Row[]>,
  first: Key,
  keyOf: (row: Row) => Key,
): AsyncGenerator<Row> {
  for (let after = first; ; ) {
    const rows = await readPage(after);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = keyOf(last);
  }
}
