/**
 * Our writer without what makes it exactly-once: no fence, no outbox row, no outbox delete reaches the database. The
 * statements are built as ever and then dropped, so the figure shows what they cost the store; the unique key on the
 * order id, which finds repeated orders, is dropped from the table beside.
 */
import {
  headroomBytes,
  type Mysql,
  type Session,
  type StatementBytes,
  type WriteResult,
} from '../../services/shared/mysql/index.ts';

const guards = /^INSERT INTO outbox\b|^(UPDATE|DELETE)\b.*\bSTRAIGHT_JOIN (lane_positions|outbox)\b/;

/** A database whose sessions drop the statements for `lane_positions` and `outbox`. */
export function withoutGuards(mysql: Mysql): Mysql {
  return { ...mysql, connect: async (options) => bare(await mysql.connect(options)) };
}

function bare(session: Session): Session {
  const dropping = new Proxy(session, {
    get(target, name: keyof Session) {
      if (name === 'write') return droppable(target.write, target);
      if (name === 'send') return droppable(target.send, target);
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return dropping;
}

function droppable<Send extends Session['write'] | Session['send']>(send: Send, target: Session): Send {
  const answer = (statement: string | StatementBytes, ...rest: unknown[]): Promise<unknown> => {
    const sql = typeof statement === 'string' ? statement : headOf(statement);
    return guards.test(sql)
      ? Promise.resolve(pretended(sql))
      : (send as (...all: unknown[]) => Promise<unknown>).call(target, statement, ...rest);
  };
  return answer as Send;
}

const headBytesMax = 64;

/** The beginning of the statement. */
function headOf({ framed }: StatementBytes): string {
  return framed.toString('latin1', headroomBytes, headroomBytes + headBytesMax);
}

/** As many rows as the statement names: one pair of brackets each in its JSON list. */
function pretended(sql: string): WriteResult {
  const rows = sql.split('],[').length;
  return { affectedRows: rows, insertId: 0, info: '' };
}
