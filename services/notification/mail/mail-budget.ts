/**
 * Limits how many mails an address and a customer get. The caller chooses the address, so without a limit
 * anyone could make the shop write to a stranger. Mails over the budget are sent later. A mail that would be
 * more than a day late is withheld.
 *
 * The budget stores one time per key: when the key's budget is full again. Every mail moves this time (GCRA,
 * ITU-T I.371). Addresses are stored as hashes. Each instance counts separately, and from zero after a restart.
 */
import { createHash } from 'node:crypto';

export interface MailBudgetLimits {
  /** Maximum mails of one customer to one address in a day. All customers together may send three times as many. */
  perAddressDay: number;
  /** Maximum number of mails of one customer in a minute. */
  perCustomerMinute: number;
}

interface MailWanted {
  customerId: string | null;
  address: string;
}

export interface MailBudget {
  /** When each mail may be sent, or null if it is withheld. Nothing is charged before `charge`. */
  plan(mails: readonly MailWanted[], nowMs: number): MailPlan;
}

interface MailPlan {
  dueAtMs: readonly (number | null)[];
  /** Charges the planned mails. Call it once they are stored. */
  charge(): void;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A mail that is later than this has no news value. */
const latestMs = dayMs;
/** The budget of an address is this many budgets of one customer. */
const customersPerAddress = 3;
/** Maximum number of keys in memory; the least recently used one is evicted first. */
const keysMax = 100_000;

interface Rate {
  key: string;
  /** Number of mails in a period. They may all come at once. */
  count: number;
  periodMs: number;
}

/** Reads the limits at each mail, so they may change. */
export function createMailBudget(limits: MailBudgetLimits): MailBudget {
  /** The time at which the budget of each key is full again. */
  const usedUntilMs = new Map<string, number>();
  const ratesOf = ({ customerId, address }: MailWanted): Rate[] => {
    const { perAddressDay, perCustomerMinute } = limits;
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
