/** Rules of the requests of operators that no schema expresses. Each function returns the faults, none for a valid request. */
import type { RequestFault } from './fault.ts';
import type { RefundRequest } from './operator-request.ts';

interface Line {
  readonly line: number;
  readonly quantity: number;
  readonly restock?: number;
}

/** A line may occur once, and not more units go back to stock than came back. */
export function lineFaults(lines: readonly Line[] = []): RequestFault[] {
  const seen = new Set<number>();
  const faults: RequestFault[] = [];
  for (const [index, { line, quantity, restock = 0 }] of lines.entries()) {
    if (seen.has(line)) faults.push({ pointer: `/lines/${index}/line`, detail: 'occurs twice' });
    if (restock > quantity)
      faults.push({ pointer: `/lines/${index}/restock`, detail: 'must not be more than quantity' });
    seen.add(line);
  }
  return faults;
}

/** It must be clear what to refund. */
export function refundFaults({ amount, lines = [], shipping }: RefundRequest): RequestFault[] {
  const isByParts = lines.length > 0 || shipping === true;
  if (amount !== undefined && isByParts)
    return [{ pointer: '/amount', detail: 'is not possible with lines or shipping' }];
  if (amount === undefined && lines.length === 0 && shipping === false)
    return [{ pointer: '/shipping', detail: 'is false, so there is nothing to refund' }];
  return lineFaults(lines);
}

const refundIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of a refund, or null for another text. A UUID may have letters of either case. */
export function readRefundId(text: string): string | null {
  const refundId = text.toLowerCase();
  return refundIdForm.test(refundId) ? refundId : null;
}

/** A delivery was after 1970 and is not in the future. Both times are epoch milliseconds. */
export function deliveryFaults(atMs: number, nowMs: number): RequestFault[] {
  const detail = faultOfTime(atMs, nowMs);
  return detail === null ? [] : [{ pointer: '/deliveredAt', detail }];
}

function faultOfTime(atMs: number, nowMs: number): string | null {
  if (!(atMs >= 0)) return 'must be a time after 1970';
  return atMs > nowMs ? 'must not be in the future' : null;
}
