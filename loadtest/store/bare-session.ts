/**
 * Our writer without what makes it exactly-once: no fence, no outbox row, no outbox delete reaches the database. The
 * statements are built as ever and then dropped, so the figure shows what they cost the store; the unique key on the
 * order id, which finds repeated orders, is dropped from the table beside.
 */
import {
  type Answer,
  headroomBytes,
  type Mysql,
  type Script,
  type Session,
  type StatementPacket,
  type WriteResult,
} from '../../services/shared/mysql/index.ts';

const guards = /^INSERT INTO outbox\b|^(UPDATE|DELETE)\b.*\bSTRAIGHT_JOIN (lane_positions|outbox)\b/;

/** A database whose sessions drop the statements for `lane_positions` and `outbox`. */
export function withoutGuards(mysql: Mysql): Mysql {
  return { ...mysql, connect: async (options) => bare(await mysql.connect(options)) };
}

function bare(session: Session): Session {
  return new Proxy(session, {
    get(target, name: keyof Session) {
      if (name === 'run') return (script: Script) => runWithout(target, script);
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

async function runWithout(session: Session, script: Script): Promise<Answer[]> {
  const statements = script.flatMap(statementsOf);
  const kept = script.flatMap((packet) => packetOf(statementsOf(packet).filter((text) => !isGuard(text))));
  const answers = (await session.run(kept)).values();
  return statements.map((text) => (isGuard(text) ? pretended(text) : answers.next().value!));
}

function statementsOf({ framed, ends }: StatementPacket): Buffer[] {
  return ends.map((end, index) => framed.subarray(index === 0 ? headroomBytes : ends[index - 1]! + 1, end));
}

function packetOf(statements: readonly Buffer[]): StatementPacket[] {
  if (statements.length === 0) return [];
  let end = headroomBytes - 1;
  const ends = statements.map((text) => (end += text.length + 1));
  const texts = statements.flatMap((text, index) => (index === 0 ? [text] : [Buffer.from(';'), text]));
  return [{ framed: Buffer.concat([Buffer.alloc(headroomBytes), ...texts]), ends }];
}

const guardBytesMax = 16 * 1024;

/** Whatever the guards' patterns look for stands near the beginning, but in a statement with a long list of lanes. */
function isGuard(text: Buffer): boolean {
  return guards.test(text.toString('latin1', 0, guardBytesMax));
}

/** As many rows as the statement names: one pair of brackets each in its JSON list. */
function pretended(text: Buffer): WriteResult {
  const rows = text.toString('latin1', 0, guardBytesMax).split('],[').length;
  return { affectedRows: rows, insertId: 0, info: '' };
}
