import type { Product } from '../support/programs/product.ts';

/** The smallest input of one known fault, sent to a running product. */
export interface Case {
  /** The id of its row, for example `S1`. */
  readonly id: string;
  /** The expected behaviour, as a sentence. */
  readonly holds: string;
  /**
   * Sends the input. Resolves with the fault, or null if the case passes; throws if the case itself cannot
   * run.
   */
  run(product: Product): Promise<string | null>;
}

/** A row that needs its own servers or processes. So something other than `npm run cases` shows it. */
export interface ShownElsewhere {
  readonly id: string;
  readonly holds: string;
  /** A test file, relative to the root of the project, or a chaos scenario: `npm run chaos -- NAME`. */
  readonly shownBy: string;
}
