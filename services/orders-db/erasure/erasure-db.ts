/** The part of a connection, or of a pool, that an erasure needs. */
import type { Queryable } from '../../shared/mysql/index.ts';

export interface ErasureDb extends Queryable {
  transaction<T>(work: (session: Queryable) => Promise<T>): Promise<T>;
}
