/** Switches of the rules: `orderstream rules set coupons=off`. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { usageError } from '../errors.ts';
import { changeAtVersion, type ImportOptions } from '../tables/import-version.ts';

/** Every switch with its values; the first is the default. */
export const flagValues: Readonly<Record<string, readonly string[]>> = {
  coupons: ['on', 'unlimited', 'off'],
  quantityBreaks: ['on', 'off'],
  autoRefund: ['on', 'hold'],
};

/** Reads `name=value` arguments. @throws CliError (exit code 2) for an unknown name or value. */
export function parseFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  const faults = args.flatMap((arg) => {
    const [name = '', ...rest] = arg.split('=');
    const value = rest.join('=');
    const values = flagValues[name];
    if (values === undefined) return [`${arg}: the switches are ${Object.keys(flagValues).join(', ')}`];
    if (!values.includes(value)) return [`${arg}: ${name} is ${values.join(' or ')}`];
    if (flags.has(name)) return [`${arg}: ${name} is named twice`];
    flags.set(name, value);
    return [];
  });
  if (faults.length > 0) throw usageError('nothing was set', faults);
  return flags;
}

/** The switches as they are, in the order of `flagValues`. */
export async function readFlags(db: Connection): Promise<Map<string, string>> {
  const [rows] = await db.query<RowDataPacket[]>('SELECT name, value FROM rule_flags');
  const stored = new Map(rows.map((row) => [row['name'] as string, row['value'] as string]));
  return new Map(Object.entries(flagValues).map(([name, [initial]]) => [name, stored.get(name) ?? initial!]));
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
