/** Logins of a test database with the grants of services/orders-db/grants. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connection } from 'mysql2/promise';
import { splitStatements } from '../../../services/orders-db/statements.ts';
import { connectAsRoot } from './own-mysql.ts';

export const grantsDir = path.resolve(import.meta.dirname, '../../../services/orders-db/grants');

export const loginNames = [
  'ingestion',
  'worker',
  'notification',
  'reconciliation',
  'projector',
  'payments',
  'scheduler',
  'observer',
  'operator',
  'migrate',
] as const;
export type LoginName = (typeof loginNames)[number];

export interface Logins {
  /** URL of the database with this login. */
  url(login: LoginName): string;
  /** Creates the triggers of the audit log in the database. */
  protectAudit(): Promise<void>;
  /** Drops the logins. */
  close(): Promise<void>;
}

/** Creates one login for each file of grants, on the database of `url`. */
export async function createLogins(url: string): Promise<Logins> {
  const database = new URL(url).pathname.slice(1);
  const prefix = `os_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const rootUrl = Object.assign(new URL(url), { username: 'root', pathname: '/' });
  const root = await connectAsRoot(rootUrl);
  for (const login of loginNames) {
    await root.query(`CREATE USER '${prefix}_${login}'@'%' IDENTIFIED BY '${password}'`);
    await runFile(root, login, { database, prefix });
  }
  return {
    url: (login) => Object.assign(new URL(url), { username: `${prefix}_${login}`, password }).href,
    protectAudit: () => runFile(root, 'audit-append-only', { database, prefix }),
    async close() {
      for (const login of loginNames) await root.query(`DROP USER '${prefix}_${login}'@'%'`);
      root.destroy();
    },
  };
}

async function runFile(
  root: Connection,
  file: string,
  { database, prefix }: { database: string; prefix: string },
): Promise<void> {
  const text = await readFile(path.join(grantsDir, `${file}.sql`), 'utf8');
  const own = text.replaceAll('`orderstream`', `\`${database}\``).replaceAll("'orderstream_", `'${prefix}_`);
  for (const statement of splitStatements(own)) await root.query(statement);
}
