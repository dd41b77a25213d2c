/** Who uses the command line, for the audit log. */
import { hostname, userInfo } from 'node:os';
import type { Connection } from 'mysql2/promise';
import type { Actor, AuditTarget } from '../services/shared/audit/index.ts';

/** The user of the operating system and this host; nothing else of the person is kept. */
export function currentOperator(): Actor {
  return { kind: 'OPERATOR', name: userName(), origin: hostname() };
}

/** Lets the audit writer use a connection of the command line. */
export function auditTargetOf(db: Connection): AuditTarget {
  return { write: (sql, params) => db.query(sql, [...params]) };
}

/** A container may run under a number that no user has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid:${process.getuid?.() ?? 'unknown'}`;
  }
}
