/**
 * How many mails an address and a customer get. Whoever places orders chooses the address, so without a bound the shop would
 * write to a stranger as often as somebody likes. What is over the budget comes later; what would come more than a day
 * later does not come at all.
 *
 * Each key has the time at which its budget is used up, moved by every mail (GCRA, ITU-T I.371): one number, whatever the
 * rate. Addresses are kept as hashes. Each instance counts for itself, and anew after a restart.
 */
import { createHash } from 'node:crypto';

export interface MailBudgetLimits {
  /** Mails of one customer to one address in a day; three times as many from all customers together. */
  perAddressDay: number;
  /** Mails of one customer in a minute. */
  perCustomerMinute: number;
}

export interface MailWanted {
  customerId: string | null;
  address: string;
}

export interface MailBudget {
  /** When each mail may be sent, or null where it is withheld. Nothing is charged before `charge`. */
  plan(mails: readonly MailWanted[], nowMs: number): MailPlan;
}

export interface MailPlan {
  dueAtMs: readonly (number | null)[];
  /** The mails are stored: they count from now on. */
  charge(): void;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A mail that its budget holds back for longer than this says nothing new any more. */
const latestMs = dayMs;
/** Customers that may write to one address before they share its budget. */
const customersPerAddress = 3;
/** Keys in memory; the one that was used longest ago is forgotten first. */
const keysMax = 100_000;

interface Rate {
  key: string;
  /** Mails at once, and again after each period. */
  count: number;
  periodMs: number;
}

export function createMailBudget({ perAddressDay, perCustomerMinute }: MailBudgetLimits): MailBudget {
  /** By key: when all that was charged will have been earned again. */
  const usedUntilMs = new Map<string, number>();
  const ratesOf = ({ customerId, address }: MailWanted): Rate[] => {
    const customer = customerId ?? '';
    const receiver = hashOf(address.toLowerCase());
    return [
      { key: `to ${receiver} of ${customer}`, count: perAddressDay, periodMs: dayMs },
      { key: `to ${receiver}`, count: customersPerAddress * perAddressDay, periodMs: dayMs },
      { key: `of ${customer}`, count: perCustomerMinute, periodMs: minuteMs },
    ];
  };
  return {
    plan(mails, nowMs) {
      const planned = new Map<string, number>();
      const dueAtMs = mails.map((mail) => {
        const rates = ratesOf(mail);
        const used = rates.map(
          ({ key, count, periodMs }) =>
            Math.max(nowMs, planned.get(key) ?? usedUntilMs.get(key) ?? 0) + periodMs / count,
        );
        const due = Math.ceil(Math.max(nowMs, ...rates.map(({ periodMs }, n) => used[n]! - periodMs)));
        if (due - nowMs > latestMs) return null;
        rates.forEach(({ key }, n) => {
          planned.set(key, used[n]!);
        });
        return due;
      });
      return { dueAtMs, charge: () => keep(usedUntilMs, planned) };
    },
  };
}

function keep(usedUntilMs: Map<string, number>, planned: ReadonlyMap<string, number>): void {
  for (const [key, untilMs] of planned) {
    usedUntilMs.delete(key);
    usedUntilMs.set(key, untilMs);
  }
  for (const key of usedUntilMs.keys()) {
    if (usedUntilMs.size <= keysMax) return;
    usedUntilMs.delete(key);
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
