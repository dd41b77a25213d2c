/** A bug that sabotage plants, with the tests that must detect it. */
export interface Plant {
  /** The bug, as a sentence: a mistake that an engineer could make. */
  readonly bug: string;
  readonly file: string;
  /** Occurs in the file exactly once; the plant replaces it with `bad`. */
  readonly good: string;
  readonly bad: string;
  /** The tests that must detect it. */
  readonly project: 'unit' | 'integration';
  readonly tests: readonly string[];
  /** Only tests of these files whose names match. */
  readonly only?: string;
}
