/** The parts of every bench: variants that run by turns, and figures that compare their runs. */

/** One run of one variant whose invariants hold. Rates are `orders / seconds`. */
export interface Sample {
  readonly orders: number;
  readonly seconds: number;
  /** CPU µs per order, by process; an unreadable process (a server elsewhere) is missing. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** Quantiles of one transaction (or request), in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Mean number of orders in one transaction. */
  readonly batch: number;
  /** Largest resident memory of the measuring process, in MB of 10^6 bytes. */
  readonly rssMb: number;
  /** Values of this bench only, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** A run that failed, or whose invariants do not hold, has no number. */
export type RunResult =
  | { readonly ok: true; readonly sample: Sample }
  | { readonly ok: false; readonly problem: string };

export interface Variant {
  readonly name: string;
  run(round: number): Promise<RunResult>;
  /** Called after all variants of the round: whether the result is valid. */
  check?(round: number, result: RunResult): Promise<RunResult>;
}

/**
 * All runs of a bench: one result per round for each variant, by its name, and the machine's speed at that
 * time.
 */
export interface Rounds {
  readonly count: number;
  readonly results: ReadonlyMap<string, readonly RunResult[]>;
  /** ms of a fixed loop before each round; a high value shows that the round was disturbed. */
  readonly spinMs: readonly number[];
}

/** One result of the bench, with its value in each round; null if a run of the round has none. */
export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly perRound: readonly (number | null)[];
}

/** The required value of a figure, and the desired one; `atMost` if less is better. */
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
  /** Reports progress; never to stdout. */
  tell(line: string): void;
}

export interface BenchReport {
  readonly bench: string;
  readonly rounds: Rounds;
  readonly figures: readonly Figure[];
  readonly goals: Readonly<Record<string, Goal>>;
}
