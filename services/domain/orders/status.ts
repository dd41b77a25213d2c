/** The one table of facts about order statuses. Which command leads from one to another is said by the command's own file. */

interface StatusFacts {
  /** Nothing can change the order any more. */
  readonly isFinal: boolean;
  /** Its units are held or sold: they are not available to other orders. */
  readonly holdsStock: boolean;
}

/** QUEUED is known to the API only: an order has no row before its place was decided. */
const facts = {
  QUEUED: { isFinal: false, holdsStock: false },
  REJECTED: { isFinal: true, holdsStock: false },
  PENDING_PAYMENT: { isFinal: false, holdsStock: true },
  PAID: { isFinal: false, holdsStock: true },
  SHIPPED: { isFinal: false, holdsStock: true },
  DELIVERED: { isFinal: false, holdsStock: true },
  CLOSED: { isFinal: true, holdsStock: true },
  CANCELLED: { isFinal: true, holdsStock: false },
  EXPIRED: { isFinal: true, holdsStock: false },
  PAYMENT_FAILED: { isFinal: true, holdsStock: false },
  RETURNED: { isFinal: true, holdsStock: false },
} as const satisfies Readonly<Record<string, StatusFacts>>;

export type OrderStatus = keyof typeof facts;

export const orderStatuses = Object.keys(facts) as readonly OrderStatus[];

/** Whether nothing can change an order in this status any more. A status that only a newer version knows is not final. */
export function isFinal(status: string): boolean {
  return factsOf(status)?.isFinal ?? false;
}

/** Whether an order in this status holds or has sold its units of stock. A status that only a newer version knows does. */
export function holdsStock(status: string): boolean {
  return factsOf(status)?.holdsStock ?? true;
}

function factsOf(status: string): StatusFacts | undefined {
  return (facts as Readonly<Record<string, StatusFacts>>)[status];
}
