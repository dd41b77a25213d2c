/**
 * Decides which dead letters are sent, in which order, and why others are held back. The function is pure, so a dry
 * run makes the same plan as a real run.
 */

import type { DeadLetter } from './dead-letters.ts';
import type { Judgement } from './judge.ts';

export interface Judged {
  deadLetter: DeadLetter;
  judgement: Judgement;
}

export interface HeldBack extends Judged {
  code: string;
  why: string;
}

export interface RedrivePlan {
  send: Judged[];
  held: HeldBack[];
}

export interface PlanRules {
  /** A record with this many attempts is not sent again. */
  maxAttempts: number;
  /** Also send records that this build would dead-letter again. */
  force: boolean;
  /** All open dead letters of the orders, also if they are not selected. No later record may overtake them. */
  openOfOrders: readonly { orderId: string; partition: number; offset: number }[];
}

/** Plans in source order. A record that is held back also holds back later records of its key. */
export function planRedrive(chosen: readonly Judged[], rules: PlanRules): RedrivePlan {
  const plan: RedrivePlan = { send: [], held: [] };
  const stoppedAt = new Map<string, string>();
  const positions = new Set(chosen.map(({ deadLetter }) => deadLetter.position));
  for (const each of chosen.toSorted(bySource)) {
    const { deadLetter, judgement } = each;
    const stopper = stoppedAt.get(judgement.key) ?? unchosenBefore(each, positions, rules);
    const held = stopper === undefined ? reasonToHold(each, rules) : behind(stopper);
    if (held === null) plan.send.push(each);
    else plan.held.push({ ...each, ...held });
    // If only an attempt shows the result, later records of the same key wait for it.
    if (held !== null || judgement.verdict === 'unsure') {
      if (!stoppedAt.has(judgement.key)) stoppedAt.set(judgement.key, deadLetter.position);
    }
  }
  return plan;
}

function reasonToHold(
  { deadLetter, judgement }: Judged,
  { maxAttempts, force }: PlanRules,
): { code: string; why: string } | null {
  const { verdict, code, why } = judgement;
  if (verdict === 'gone') return { code, why };
  if (deadLetter.status !== 'OPEN') return { code: 'REDRIVEN', why: 'it was redriven before' };
  if (deadLetter.attempts >= maxAttempts) {
    return {
      code: 'ATTEMPTS',
      why: `it was tried ${deadLetter.attempts} times, the limit is ${maxAttempts}`,
    };
  }
  // `force` sends records that would be dead-lettered again. It never sends a command that would stop its lane.
  if (verdict === 'fail' && (!force || code === 'NOT_DECIDED')) return { code, why };
  return null;
}

function unchosenBefore(
  { deadLetter }: Judged,
  positions: ReadonlySet<string>,
  { openOfOrders }: PlanRules,
): string | undefined {
  const earlier = openOfOrders.find(
    ({ orderId, partition, offset }) =>
      orderId === deadLetter.orderId &&
      partition === deadLetter.partition &&
      offset < deadLetter.offset &&
      !positions.has(`${partition}-${offset}`),
  );
  return earlier === undefined ? undefined : `${earlier.partition}-${earlier.offset}`;
}

function behind(position: string): { code: string; why: string } {
  return { code: 'BEHIND', why: `${position} of the same key comes before it` };
}

function bySource({ deadLetter: a }: Judged, { deadLetter: b }: Judged): number {
  return a.partition - b.partition || a.offset - b.offset;
}
