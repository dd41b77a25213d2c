/**
 * The writer of the product without its exactly-once parts. No fence, no outbox row and no outbox delete reaches the
 * database. The writer builds the statements as usual, but the session drops them. So the figure shows their cost for
 * the store. The table also lacks the unique key on the order id that finds repeated orders.
 */
import {
  type Answer,
  headroomBytes,
  type Mysql,
  type Script,
  type Session,
  type StatementPacket,
  statementsIn,
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
  const packets = script.map((packet) =>
    statementsIn(packet).map((text) => ({ text, pretended: pretend(text) })),
  );
  const kept = packets
    .map((statements) => statements.filter(({ pretended }) => pretended === null).map(({ text }) => text))
    .filter((texts) => texts.length > 0);
  const answers = (await session.run(kept.map(packetOf))).values();
  return packets.flat().map(({ pretended }) => pretended ?? answers.next().value!);
}

/**
 * Copies the texts as bytes. A `StatementBuffer` would convert them to strings, and the figure would include this
 * cost.
 */
function packetOf(texts: readonly Buffer[]): StatementPacket {
  const parts: Buffer[] = [Buffer.alloc(headroomBytes)];
  const ends: number[] = [];
  let end = headroomBytes - 1;
  for (const text of texts) {
    if (ends.length > 0) parts.push(separator);
    parts.push(text);
    end += text.length + 1;
    ends.push(end);
  }
  return { framed: Buffer.concat(parts), ends };
}

const separator = Buffer.from(';');
/** The patterns match near the beginning of a statement, at the latest after a list of lanes. */
const headBytesMax = 16 * 1024;

/**
 * The result that a guard statement would have: its JSON list has one pair of brackets per row. Null for other
 * statements.
 */
function pretend(text: Buffer): WriteResult | null {
  const head = text.toString('latin1', 0, headBytesMax);
  return guards.test(head) ? { affectedRows: head.split('],[').length, insertId: 0, info: '' } : null;
}
