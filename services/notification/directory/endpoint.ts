/** Where a customer's events are sent. */
export interface Endpoint {
  id: string;
  customerId: string;
  url: string;
  /** null: the usual types. */
  filter: readonly string[] | null;
  /** `whsec_…`; the first one signs first. */
  secret: string;
  previousSecret: string | null;
  previousUntilMs: number | null;
  enabled: boolean;
}
