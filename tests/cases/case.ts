import type { Product } from '../support/programs/product.ts';

/** The smallest input of one fault that was found by trying the product, sent to a running product. */
export interface Case {
  /** The row that it stands for, for example `S1`. */
  readonly id: string;
  /** What must hold, as a sentence. */
  readonly holds: string;
  /** Sends the input. Resolves with what is wrong, or null when it holds; throws when the case itself cannot be run. */
  run(product: Product): Promise<string | null>;
}

/** A row that needs servers or processes of its own, so that something else than `npm run cases` shows it. */
export interface ShownElsewhere {
  readonly id: string;
  readonly holds: string;
  /** A test file, from the root of the project, or a chaos scenario: `npm run chaos -- NAME`. */
  readonly shownBy: string;
}
