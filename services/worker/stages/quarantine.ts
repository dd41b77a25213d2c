/** What is decided about records without looking at their bytes. */

/** Records that become dead letters whatever their bytes say, by `verdictKey`: they broke a transaction or a process, or an operator skipped them. */
export type Verdicts = Map<string, { code: string; message: string }>;

/** The code of a record that an operator has skipped. */
export const SKIPPED = 'SKIPPED';

export function verdictKey(partition: number, offset: number | bigint): string {
  return `${partition}-${offset}`;
}
