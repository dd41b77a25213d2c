/**
 * Each service has exactly the grants that its statements need. tests/integration/servers/least-privilege.test.ts
 * runs these statements with the grants.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { serviceProcesses } from '../../stack/index.ts';
import { principals } from '../../topics/acls.ts';

const here = import.meta.dirname;
/** The services of `npm start`, compose and k8s. */
const services = [
  ...new Set(
    serviceProcesses.flatMap(({ entry }) => /^services\/([a-z-]+)\/main\.ts$/.exec(entry)?.slice(1) ?? []),
  ),
];
const verbOf = {
  FROM: 'SELECT',
  JOIN: 'SELECT',
  INTO: 'INSERT',
  UPDATE: 'UPDATE',
  'DELETE FROM': 'DELETE',
} as const;

const tables = new Set(
  readdirSync(path.join(here, 'migrations'))
    .filter((file) => file.endsWith('.up.sql'))
    .flatMap((file) => [...read('migrations', file).matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g)])
    .map((match) => match[1]!),
);

/** The statements of shared functions, by function name. */
const sharedStatements = {
  recordAudit: 'INSERT INTO audit_log',
  eraseCustomer:
    'SELECT FROM outbox, SELECT FROM dead_letters, SELECT FROM lane_positions, SELECT FROM orders, SELECT FROM refunds, ' +
    'DELETE FROM customer_keys, UPDATE orders, UPDATE order_history, UPDATE payments, UPDATE notification_deliveries, UPDATE refund_attempts, UPDATE outbox',
  selectOrders: 'SELECT FROM orders',
  selectItems: 'SELECT FROM order_items',
  selectLanes: 'SELECT FROM lane_positions',
  readLaneRows:
    'SELECT FROM lane_positions, SELECT FROM lane_waits, SELECT FROM lane_attempts, SELECT FROM outbox',
  couponUses: 'SELECT FROM coupon_counters, SELECT FROM coupon_customers',
  unpaidUnitsOf: 'SELECT FROM unpaid_customers',
  selectRuleVersions: 'SELECT FROM catalogue_state',
  selectCoupons: 'SELECT FROM coupons',
  selectRateRules: 'SELECT FROM rule_flags, SELECT FROM tax_rates, SELECT FROM shipping_rates',
};

function read(...parts: string[]): string {
  return readFileSync(path.join(here, ...parts), 'utf8');
}

/** One `VERB table` per grant in the file of the service. */
function granted(service: string): Set<string> {
  const grants = read('grants', `${service}.sql`).matchAll(/^GRANT (.*) ON `orderstream`\.`(\w+)`/gm);
  return new Set(
    [...grants].flatMap(([, verbs, table]) =>
      [...verbs!.replaceAll(/\([^)]*\)/g, '').matchAll(/[A-Z]+/g)].map(([verb]) => `${verb} ${table}`),
    ),
  );
}

/** One `VERB table` per use of a table of the pipeline in a statement of the code. */
function statementsOf(code: string): string[] {
  const inserts = [...code.matchAll(/\.insert\('(\w+)'/g)].map(([, table]) => `INSERT ${table}`);
  const others = [...code.matchAll(/\b(DELETE FROM|FROM|JOIN|INTO|UPDATE) (\w+)/g)]
    .filter(([, , table]) => tables.has(table!))
    .map(([, words, table]) => `${verbOf[words as keyof typeof verbOf]} ${table}`);
  return [...inserts, ...others];
}

/**
 * The code of a service without tests and comments, and the statements of the shared functions that it calls.
 */
function codeOf(service: string): string {
  const folder = path.join(here, '..', service);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const own = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(^|\/)testing\//.test(file));
  const text = own.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
  return [text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''), ...sharedIn(text)].join('\n');
}

function sharedIn(text: string): string[] {
  const called = Object.entries(sharedStatements).filter(([name]) => new RegExp(`\\b${name}\\(`).test(text));
  return called.map(([, sql]) => sql);
}

it('each service has a login for the database and a principal for Kafka, and no login is left over', () => {
  const files = readdirSync(path.join(here, 'grants')).map((file) => file.replace('.sql', ''));
  const withoutService = ['audit-append-only', 'migrate', 'operator'];
  expect(files.sort()).toEqual([...services, ...withoutService].sort());
  expect(principals.map(({ name }) => name as string).sort()).toEqual(
    [...services, 'operator', 'setup'].sort(),
  );
});

it('the grants of operator cover each write of the command line', () => {
  const folder = path.join(here, '../../cli');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const own = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const code = own.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
  const used = statementsOf([code, ...sharedIn(code)].join('\n')).filter(
    (each) => !each.startsWith('SELECT '),
  );
  expect(used).toContain('UPDATE dead_letters');
  expect([...new Set(used)].filter((each) => !granted('operator').has(each))).toEqual([]);
});

describe.each(services)('the grants of %s', (service) => {
  const code = codeOf(service);

  it('cover each table that its code reads or writes', () => {
    const used = statementsOf(code);
    expect(used.length).toBeGreaterThan(0);
    expect([...new Set(used)].filter((each) => !granted(service).has(each))).toEqual([]);
  });

  it('name only tables that its code uses', () => {
    const named = [...granted(service)].map((each) => each.split(' ')[1]!);
    expect([...new Set(named)].filter((table) => !new RegExp(`\\b${table}\\b`).test(code))).toEqual([]);
  });
});
