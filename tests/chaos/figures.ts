/** The result of a scenario of `npm run chaos`. */
export interface Figures {
  readonly seen: Record<string, unknown>;
  /** Faults beyond those that the audit finds. */
  readonly problems: string[];
  /** The scenario skipped the audit, which holds every outcome in memory. */
  readonly audited?: true;
}

export interface ScenarioOptions {
  /** The duration of a scenario of variable length. */
  minutes: number;
  seed: number;
  /** The scenario `lives` ends after both. By default it has 5,000 orders and no time. */
  lives: { count: number; minutes: number };
}
