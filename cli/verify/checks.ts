/**
 * The checks of `orderstream verify`, one row per printed line, with the invariant in ARCHITECTURE.md. Each count
 * must be 0.
 */

const checkTable = {
  undecided: 'commands that no worker has decided yet', // invariant 1
  noOutcome: 'decided commands without an outcome in the log', // invariant 1
  noCommand: 'outcomes without a command', // invariant 1
  unlikeRepeat: 'repeated outcomes that differ from their first copy', // invariant 1
  brokenChain: 'outcomes that do not refer to the previous outcome', // invariant 2
  wrongPlace: 'commands or outcomes outside the partition of their key',
  unlikeCommand: 'outcomes with another command or order than their source',
  undecodable: 'outcomes or states that cannot be decoded',
  orderWithoutOutcome: 'orders without an outcome', // invariant 3
  outcomeWithoutOrder: 'accepted or rejected outcomes without an order', // invariant 3
  decidedTwice: 'order ids that were accepted or rejected twice', // invariant 3
  versionGap: 'orders whose versions do not increase by one', // invariant 4
  unlikeOutcome: 'orders that differ from their outcomes in status, version, amounts, lines, money or units', // invariant 3
  unlikeRequest: 'orders whose lines differ from the request', // invariant 5
  history: 'orders whose history does not reach their version', // invariant 4
  money: 'orders whose amounts do not add up', // invariant 5
  payments: 'orders whose received and refunded money differs from their payments and refunds', // invariant 10
  unpaid: 'paid orders without exactly one payment of their total', // invariant 10
  stranded: 'payments that settle no live order and have no refund for the rest', // invariant 10
  refundedTwice: 'payments with refunds above their amount', // invariant 10
  coupons: 'counters of coupons that differ from the orders that took them', // invariant 11
  units: 'orders whose units differ from their shipments and returns, or do not fit their status', // invariant 12
  unpaidUnits: 'customers whose unpaid units differ from their unpaid orders', // invariant 13
  stock: 'SKUs whose stock is not conserved', // invariant 6
  oversold: 'SKUs with negative available stock', // invariant 6
  deadLetter: 'dead letters that do not match their command', // invariant 7
  noState: 'orders whose state the snapshot lacks although it covers their last outcome', // invariant 9
  unlikeState: 'states in the snapshot that differ from the last outcome of their order', // invariant 9
  stateWithoutOrder: 'states in the snapshot of orders that no outcome created', // invariant 9
  statePosition: 'position markers of the snapshot that went backwards or are ahead of the logs', // invariant 9
  position: 'partitions whose positions contradict the log or each other', // invariant 8
} as const;

export type CheckName = keyof typeof checkTable;

export interface Findings {
  /** Counts one finding. Keeps the first examples of each check. */
  add(check: CheckName, example: string, times?: number): void;
  /** Every check, in the order of the table. */
  results(): CheckResult[];
}

export interface CheckResult {
  check: CheckName;
  statement: string;
  count: number;
  examples: string[];
}

const EXAMPLES_MAX = 5;

export function createFindings(): Findings {
  const found = new Map<CheckName, { count: number; examples: string[] }>();
  return {
    add(check, example, times = 1) {
      const entry = found.get(check) ?? { count: 0, examples: [] };
      entry.count += times;
      if (entry.examples.length < EXAMPLES_MAX) entry.examples.push(example);
      found.set(check, entry);
    },
    results: () =>
      (Object.keys(checkTable) as CheckName[]).map((check) => ({
        check,
        statement: checkTable[check],
        count: found.get(check)?.count ?? 0,
        examples: found.get(check)?.examples ?? [],
      })),
  };
}
