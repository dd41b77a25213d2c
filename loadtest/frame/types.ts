/** The parts of every bench: variants that run in turn, and figures that compare their runs. */

/** The numbers of one valid run of a variant. The rate is `orders / seconds`. */
export interface Sample {
  readonly orders: number;
  readonly seconds: number;
  /** CPU µs per order, by process. An unreadable process, such as a server on another machine, is missing. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** Quantiles of the duration of a transaction or a request, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Mean number of orders in one transaction. */
  readonly batch: number;
  /** Largest resident memory of the measuring process, in MB of 10^6 bytes. */
  readonly rssMb: number;
  /** Further values of a bench, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** The result of a run. A failed run or a run with violated invariants has no number. */
export type RunResult =
  | { readonly ok: true; readonly sample: Sample }
  | { readonly ok: false; readonly problem: string };

export interface Variant {
  readonly name: string;
  run(round: number): Promise<RunResult>;
  /** Checks the result after all variants of the round. Returns the result, or a problem. */
  check?(round: number, result: RunResult): Promise<RunResult>;
}

/**
 * All runs of a bench: one result per round for each variant, by the name of the variant. `spinMs` shows the speed of
 * the machine.
 */
export interface Rounds {
  readonly count: number;
  readonly results: ReadonlyMap<string, readonly RunResult[]>;
  /** Duration of a fixed loop before each round, in ms. A high value shows that other load disturbed the round. */
  readonly spinMs: readonly number[];
}

/** One result of the bench, with its value in each round. The value is null if a run of the round has no number. */
export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly perRound: readonly (number | null)[];
}

/** The required value of a figure, and the desired value `aim`. `atMost` means that less is better. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly aim: number;
}

export interface BenchOptions {
  readonly quick: boolean;
  readonly rounds: number | null;
  /** Names of the variants to run; null for all. */
  readonly only: readonly string[] | null;
  /** Reports progress, but never to stdout. */
  tell(line: string): void;
}

export interface BenchReport {
  readonly bench: string;
  readonly rounds: Rounds;
  readonly figures: readonly Figure[];
  readonly goals: Readonly<Record<string, Goal>>;
}
