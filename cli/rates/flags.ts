/** Switches of the rules: `orderstream rules set coupons=off`. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { readPaymentWindow, readUnpaidUnits } from '../../services/domain/index.ts';
import { usageError } from '../errors.ts';
import { changeAtVersion, type ImportOptions } from '../tables/import-version.ts';

interface FlagForm {
  readonly initial: string;
  /** For help and messages, such as `on or off`. */
  readonly values: string;
  allows(value: string): boolean;
}

/** Every switch. */
const flagForms: Readonly<Record<string, FlagForm>> = {
  coupons: oneOf('on', 'unlimited', 'off'),
  quantityBreaks: oneOf('on', 'off'),
  autoRefund: oneOf('on', 'hold'),
  paymentWindow: {
    initial: 'default',
    values: 'default or seconds such as 900s, from 1s to 30 days',
    allows: (value) => readPaymentWindow(value) !== undefined,
  },
  unpaidUnits: {
    initial: 'off',
    values: 'off or the most units of a customer, from 1 to 999999999',
    allows: (value) => readUnpaidUnits(value) !== undefined,
  },
};

/** The switches with their values, for the help. */
export const flagHelp: readonly string[] = Object.entries(flagForms).map(
  ([name, { values }]) => `${name} is ${values}`,
);

/** The first value is the default. */
function oneOf(...values: [string, ...string[]]): FlagForm {
  return { initial: values[0], values: values.join(' or '), allows: (value) => values.includes(value) };
}

/** Reads `name=value` arguments. @throws CliError (exit code 2) for an unknown name or value. */
export function parseFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  const faults = args.flatMap((arg) => {
    const [name = '', ...rest] = arg.split('=');
    const value = rest.join('=');
    const form = flagForms[name];
    if (form === undefined) return [`${arg}: the switches are ${Object.keys(flagForms).join(', ')}`];
    if (!form.allows(value)) return [`${arg}: ${name} is ${form.values}`];
    if (flags.has(name)) return [`${arg}: ${name} is named twice`];
    flags.set(name, value);
    return [];
  });
  if (faults.length > 0) throw usageError('nothing was set', faults);
  return flags;
}

/** The switches as they are, in the order of `flagForms`. */
export async function readFlags(db: Connection): Promise<Map<string, string>> {
  const [rows] = await db.query<RowDataPacket[]>('SELECT name, value FROM rule_flags');
  const stored = new Map(rows.map((row) => [row['name'] as string, row['value'] as string]));
  return new Map(Object.entries(flagForms).map(([name, { initial }]) => [name, stored.get(name) ?? initial]));
}

/** Sets switches. The audit log gets a row for each that changed. */
export function setFlags(
  db: Connection,
  flags: ReadonlyMap<string, string>,
  options: ImportOptions,
): Promise<{ changed: string[]; version: number }> {
  return changeAtVersion(db, 'rates', options, async (version) => {
    const before = await readFlags(db);
    const changed = [...flags].filter(([name, value]) => before.get(name) !== value);
    for (const [name, value] of changed) {
      await db.query(
        'INSERT INTO rule_flags (name, value, updated_at_ms) VALUES (?, ?, ?) ' +
          'ON DUPLICATE KEY UPDATE value = VALUES(value), updated_at_ms = VALUES(updated_at_ms)',
        [name, value, options.nowMs],
      );
    }
    return {
      result: { changed: changed.map(([name]) => name) },
      isChange: changed.length > 0,
      imported: null,
      entries: changed.map(([name, value]) => ({
        action: 'rule.set',
        subjectId: name,
        details: { version, before: before.get(name)!, value },
      })),
    };
  });
}
