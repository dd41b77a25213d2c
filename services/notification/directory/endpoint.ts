/** A URL of a customer that receives events. */
export interface Endpoint {
  id: string;
  customerId: string;
  url: string;
  /** Null means the default types. */
  filter: readonly string[] | null;
  /** The stored secret. Its signature comes before the one of `previousSecret`. */
  secret: string;
  previousSecret: string | null;
  previousUntilMs: number | null;
  enabled: boolean;
  /** Its owner pauses it. Its deliveries are recorded and wait. */
  paused: boolean;
}
