/** What a scenario of `npm run chaos` gives back. */
export interface Figures {
  readonly seen: Record<string, unknown>;
  /** What must not be, beyond what the audit finds. */
  readonly problems: string[];
  /** It has done without the audit, which holds every outcome in memory. */
  readonly audited?: true;
}

export interface ScenarioOptions {
  /** How long a scenario that may be of any length goes on. */
  minutes: number;
  seed: number;
}
