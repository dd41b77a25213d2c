/** The user of the command line, for the audit log. */
import { hostname, userInfo } from 'node:os';
import type { Connection } from 'mysql2/promise';
import type { Actor, AuditTarget } from '../services/shared/audit/index.ts';

/** The user of the operating system and this host. The audit log stores no other data of the person. */
export function currentOperator(): Actor {
  return { kind: 'OPERATOR', name: userName(), origin: hostname() };
}

/** The operator as the actor of a command. Commands allow visible ASCII characters only, at most 128. */
export function operatorActor(): string {
  return `operator:${userName()}`.replaceAll(/[^!-~]/g, '_').slice(0, 128);
}

/** Lets the audit writer use a connection of the command line. */
export function auditTargetOf(db: Connection): AuditTarget {
  return { write: (sql, params) => db.query(sql, [...params]) };
}

/** The name of the user. A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid:${process.getuid?.() ?? 'unknown'}`;
  }
}
