/** The only table of facts about order statuses. The file of each command type has its status changes. */

interface StatusFacts {
  /** Whether nothing can change the order any more. */
  readonly isFinal: boolean;
  /** Whether the units of the order are held or sold, so that other orders cannot get them. */
  readonly holdsStock: boolean;
}

/** Only the API uses QUEUED: an order has no row until its PLACE command is decided. */
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
  // Units that did not go back to stock, such as damaged ones, stay sold.
  RETURNED: { isFinal: true, holdsStock: true },
} as const satisfies Readonly<Record<string, StatusFacts>>;

export type OrderStatus = keyof typeof facts;

export const orderStatuses = Object.keys(facts) as readonly OrderStatus[];

/** The statuses of decided orders, which have a row. */
export const decidedStatuses = orderStatuses.filter((status) => status !== 'QUEUED');

/** The first status of an accepted order with this total. An order that costs nothing needs no payment. */
export function acceptedStatus(total: number): 'PENDING_PAYMENT' | 'PAID' {
  return total === 0 ? 'PAID' : 'PENDING_PAYMENT';
}

/** Whether the status is final: nothing can change the order any more. An unknown status is not final. */
export function isFinal(status: string): boolean {
  return factsOf(status)?.isFinal ?? false;
}

/** Whether an order in this status holds or has sold units of stock. True for an unknown status. */
export function holdsStock(status: string): boolean {
  return factsOf(status)?.holdsStock ?? true;
}

function factsOf(status: string): StatusFacts | undefined {
  return (facts as Readonly<Record<string, StatusFacts>>)[status];
}
