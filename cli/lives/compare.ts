/** Compares the rows of lived orders with what their file expects. */
import type { RowDataPacket } from 'mysql2/promise';
import { amountText } from '../../services/domain/index.ts';
import { table } from '../output.ts';
import type { OrderMoney } from '../payments/read-money.ts';
import type { LivesFile, Sums, UnitSums } from './read-lives.ts';
import type { LivedOrder } from './run-lives.ts';

/** A lived order with its rows. */
export interface EndedLife {
  readonly lived: LivedOrder;
  readonly money: OrderMoney;
  /** Null for an order that was rejected. */
  readonly units: UnitSums | null;
}

const noMoney: Sums = { placed: 0, paid: 0, refunded: 0, kept: 0 };

const unitNames = ['ordered', 'cancelled', 'shipped', 'returned', 'restocked'] as const;

/** Every difference as a sentence; empty if there is none. */
export function lifeDifferences(
  ended: readonly EndedLife[],
  { money, units }: Pick<LivesFile, 'money' | 'units'>,
): string[] {
  const found = ended.flatMap(differencesOf);
  const moved = unitsOf(ended);
  for (const name of unitNames) {
    if (moved[name] !== units[name])
      found.push(`units ${name}: expected ${units[name]}, found ${moved[name]}`);
  }
  const sums = sumsOf(ended);
  for (const currency of new Set([...Object.keys(money), ...sums.keys()])) {
    const [actual, wanted] = [sums.get(currency) ?? noMoney, money[currency] ?? noMoney];
    for (const name of ['placed', 'paid', 'refunded', 'kept'] as const) {
      if (actual[name] !== wanted[name])
        found.push(`${name} ${currency}: expected ${wanted[name]}, found ${actual[name]}`);
    }
  }
  return found;
}

function differencesOf({ lived, money }: EndedLife): string[] {
  const { life, fault, id } = lived;
  const { order } = money;
  const about = `"${life.name}" (${id})`;
  if (fault !== null) return [`${about}: ${fault}`];
  if (order === null) return [`${about} has no row`];
  const actual: Record<string, unknown> = { ...endOf(order), reason: reasonOf(order) };
  const { expected } = life;
  const status = lived.closesLater && expected.status === 'CLOSED' ? 'DELIVERED' : expected.status;
  const wanted = { ...expected, status, reason: expected.reason ?? null };
  return Object.entries(wanted)
    .filter(([name, value]) => actual[name] !== value)
    .map(([name, value]) => `${about}: ${name}: expected ${value}, found ${actual[name]}`);
}

function endOf(order: RowDataPacket) {
  return {
    status: order['status'] as string,
    total: Number(order['total']),
    received: Number(order['received']),
    refunded: Number(order['refunded']),
  };
}

function reasonOf({ reason }: RowDataPacket): string | null {
  if (reason === null) return null;
  const parsed = typeof reason === 'string' ? JSON.parse(reason) : reason;
  return parsed.code as string;
}

/** Sums by currency, in minor units. What is paid and refunded comes from the payments and refunds themselves. */
function sumsOf(ended: readonly EndedLife[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  const add = (currency: string, name: keyof Sums, amount: number): void => {
    const known = sums.get(currency) ?? noMoney;
    sums.set(currency, { ...known, [name]: known[name] + amount });
  };
  for (const { money } of ended) {
    const { order, payments, refunds } = money;
    if (order !== null && order['status'] !== 'REJECTED')
      add(order['currency'], 'placed', Number(order['total']));
    for (const row of payments) {
      add(row['currency'], 'paid', Number(row['amount']));
      add(row['currency'], 'kept', Number(row['amount']));
    }
    for (const row of refunds) {
      if (row['status'] === 'SUCCEEDED') add(row['currency'], 'refunded', Number(row['amount']));
      if (row['status'] !== 'FAILED') add(row['currency'], 'kept', -Number(row['amount']));
    }
  }
  return sums;
}

function unitsOf(ended: readonly EndedLife[]): UnitSums {
  const sum = (name: keyof UnitSums): number =>
    ended.reduce((total, { units }) => total + (units?.[name] ?? 0), 0);
  return {
    ...{ ordered: sum('ordered'), cancelled: sum('cancelled'), shipped: sum('shipped') },
    ...{ returned: sum('returned'), restocked: sum('restocked') },
  };
}

/** One line per life and one per currency, and the units of all lives. */
export function livesText(ended: readonly EndedLife[]): string {
  const shown = (amount: unknown, currency: string): string =>
    amountText(Number(amount), currency) ?? String(amount);
  const lives = ended.map(({ lived, money: { order } }) => {
    const { name } = lived.life;
    if (order === null) return [name, 'no row', '', '', ''];
    const amounts = ['total', 'received', 'refunded'].map((each) => shown(order[each], order['currency']));
    const status = lived.closesLater ? `${order['status']}, closes later` : order['status'];
    return [name, status as string, ...amounts];
  });
  const units = unitsOf(ended);
  const sums = [...sumsOf(ended)].map(([currency, { placed, paid, refunded, kept }]) => [
    currency,
    ...[placed, paid, refunded, kept].map((amount) => shown(amount, currency)),
  ]);
  return [
    table([['life', 'status', 'total', 'received', 'refunded'], ...lives]),
    table([['currency', 'placed', 'paid', 'refunded', 'kept'], ...sums]),
    table([
      ['units', ...unitNames],
      ['', ...unitNames.map((unit) => units[unit])],
    ]),
  ].join('\n\n');
}
