/** What every bench is made of: variants that are run by turns, and figures that compare their runs. */

/** One run of one variant, after its invariants were found to hold. Rates are `orders / seconds`. */
export interface Sample {
  readonly orders: number;
  readonly seconds: number;
  /** CPU µs per order, by process; a process that cannot be looked into (a server elsewhere) is missing. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** Quantiles of one transaction (or request), in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Mean number of orders in one transaction. */
  readonly batch: number;
  /** Largest resident memory of the measuring process, in MB of 10^6 bytes. */
  readonly rssMb: number;
  /** What only this bench measures, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** A run whose invariants did not hold, or that broke, has no number. */
export type RunResult =
  | { readonly ok: true; readonly sample: Sample }
  | { readonly ok: false; readonly problem: string };

export interface Variant {
  readonly name: string;
  run(round: number): Promise<RunResult>;
  /** Looked at when all variants of the round have run: whether the result stands. */
  check?(round: number, result: RunResult): Promise<RunResult>;
}

/** All runs of a bench: one result per round for each variant, by its name, and the machine's speed beside them. */
export interface Rounds {
  readonly count: number;
  readonly results: ReadonlyMap<string, readonly RunResult[]>;
  /** ms of a fixed loop before each round: a round in which it is high was disturbed. */
  readonly spinMs: readonly number[];
}

/** One number that the bench stands for, with what it was in each round; null where a run of the round has none. */
export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly perRound: readonly (number | null)[];
}

/** What a figure must reach, and what is hoped for; `atMost` where less is better. */
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
  /** Says what is going on; never to stdout. */
  tell(line: string): void;
}

export interface BenchReport {
  readonly bench: string;
  readonly rounds: Rounds;
  readonly figures: readonly Figure[];
  readonly goals: Readonly<Record<string, Goal>>;
}
