/**
 * The state of the provider in one SQLite file. Each change and the callbacks that it causes are one transaction. A killed
 * process loses nothing; only the end of the power supply may cost the last changes.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Faults, noFaults } from './faults.ts';

export interface SessionRow {
  readonly id: string;
  readonly key: string;
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly expires_at_ms: number;
  readonly return_url: string | null;
  readonly state: 'open' | 'paid' | 'failed' | 'expired';
}

export interface PaymentRow {
  readonly id: string;
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: 'processing' | 'captured';
}

export interface RefundRow {
  readonly id: string;
  readonly key: string | null;
  readonly payment_id: string;
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: 'succeeded' | 'pending' | 'failed';
  readonly at_ms: number;
}

export interface DeliveryRow {
  readonly id: number;
  readonly event_id: string;
  readonly body: string;
  readonly attempts: number;
  readonly created_at_ms: number;
}

export interface TimerRow {
  readonly id: number;
  readonly kind: 'capture' | 'settle' | 'fail' | 'expire';
  readonly target: string;
}

const tables = `
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, amount INTEGER NOT NULL,
  currency TEXT NOT NULL, expires_at_ms INTEGER NOT NULL, return_url TEXT, state TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, reference TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
  status TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS payments_at ON payments (at_ms, id);
CREATE TABLE IF NOT EXISTS refunds (id TEXT PRIMARY KEY, key TEXT, payment_id TEXT NOT NULL, reference TEXT NOT NULL, amount INTEGER NOT NULL,
  currency TEXT NOT NULL, status TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (payment_id);
CREATE INDEX IF NOT EXISTS refunds_at ON refunds (at_ms, id);
CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  due_at_ms INTEGER NOT NULL, created_at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at_ms);
CREATE TABLE IF NOT EXISTS timers (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS timers_at ON timers (at_ms);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`;

/** With the secrets that sign callbacks, newest first. A secret ends at its time; null stays. */
export type SigningSecrets = readonly { readonly secret: string; readonly untilMs: number | null }[];

export type ProviderStore = ReturnType<typeof openStore>;

/** Opens the file, or creates it with its folder. */
export function openStore(file: string) {
  mkdirSync(path.dirname(file), { recursive: true });
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
  db.exec(tables);
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const one = <T>(sql: string, ...values: SQLInputValue[]): T | null =>
    (prepared(sql).get(...values) as T | undefined) ?? null;
  const all = <T>(sql: string, ...values: SQLInputValue[]): T[] => prepared(sql).all(...values) as T[];
  const run = (sql: string, ...values: SQLInputValue[]): void => void prepared(sql).run(...values);

  return {
    one,
    all,
    run,
    /** Runs `work` in one transaction; an error rolls it back. */
    atomically<T>(work: () => T): T {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    faults: (): Faults => ({ ...noFaults, ...setting<Partial<Faults>>(one, 'faults') }),
    setFaults: (faults: Faults) => saveSetting(run, 'faults', faults),
    secrets: (): SigningSecrets | null => setting<SigningSecrets>(one, 'secrets'),
    setSecrets: (secrets: SigningSecrets) => saveSetting(run, 'secrets', secrets),
    close: () => db.close(),
  };
}

type One = <T>(sql: string, ...values: SQLInputValue[]) => T | null;
type Run = (sql: string, ...values: SQLInputValue[]) => void;

function setting<T>(one: One, name: string): T | null {
  const row = one<{ value: string }>('SELECT value FROM settings WHERE name = ?', name);
  return row === null ? null : (JSON.parse(row.value) as T);
}

function saveSetting(run: Run, name: string, value: unknown): void {
  run('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)', name, JSON.stringify(value));
}
