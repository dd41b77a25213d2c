/** What a scenario of `npm run chaos` gives back. */
export interface Figures {
  readonly seen: Record<string, unknown>;
  /** What must not be, beyond what the audit finds. */
  readonly problems: string[];
}
