/** What `orderstream verify` checks, one row per printed line. Each count is 0 when the statement's opposite holds. */

const checkTable = {
  undecided: 'commands that no worker has decided yet',
  noOutcome: 'decided commands without an outcome in the log',
  noCommand: 'outcomes without a command',
  unlikeRepeat: 'repeated outcomes that differ from their first copy',
  brokenChain: 'outcomes that do not refer to the previous outcome',
  wrongPlace: 'commands or outcomes outside the partition of their key',
  unlikeCommand: 'outcomes that name another command or order than their source',
  undecodable: 'outcomes or states that cannot be decoded',
  orderWithoutOutcome: 'orders without an outcome',
  outcomeWithoutOrder: 'accepted or rejected outcomes without an order',
  decidedTwice: 'order ids that were accepted or rejected twice',
  versionGap: 'orders whose versions do not increase by one',
  unlikeOutcome: 'orders that differ from their outcomes in status, version, amounts or lines',
  unlikeRequest: 'orders whose lines differ from the request',
  history: 'orders whose history does not reach their version',
  money: 'orders whose amounts do not add up',
  stock: 'SKUs whose stock is not conserved',
  oversold: 'SKUs with negative available stock',
  deadLetter: 'dead letters that do not match their command',
  noState: 'orders whose state the snapshot lacks although it covers their last outcome',
  unlikeState: 'states in the snapshot that differ from the last outcome of their order',
  stateWithoutOrder: 'states in the snapshot of orders that no outcome made',
  statePosition: 'position markers of the snapshot that went backwards or are ahead of the logs',
  position: 'partitions whose positions contradict the log or each other',
} as const;

export type CheckName = keyof typeof checkTable;

export interface Findings {
  /** Counts one finding; the first few examples of each check are kept. */
  add(check: CheckName, example: string, times?: number): void;
  /** Every check in the order of the table. */
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
