import { expect, test } from 'vitest';
import {
  affectedRows,
  headroomBytes,
  type Mysql,
  type Script,
  type Session,
  StatementBuffer,
} from '../../services/shared/mysql/index.ts';
import { layOutAcknowledged, layOutOutbox } from '../../services/worker/store/outbox.ts';
import { layOutFence } from '../../services/worker/store/positions.ts';
import { withoutGuards } from './bare-session.ts';

test('the session answers fence and outbox statements itself, and sends all others', async () => {
  const sent: string[] = [];
  const session = {
    run: async (script: Script) =>
      script.flatMap(({ framed, ends }) => {
        sent.push(framed.toString('latin1', headroomBytes));
        expect(ends.at(-1)).toBe(framed.length);
        return ends.map(() => ({ affectedRows: 7, insertId: 0, info: '' }));
      }),
  } as Partial<Session> as Session;
  const mysql = { connect: async () => session } as unknown as Mysql;
  const bare = await withoutGuards(mysql).connect();

  const buffer = new StatementBuffer();
  const layOut = (sql: string) => {
    buffer.begin(sql);
    return buffer.end();
  };
  const record = { offset: 9, id: 'r' };
  const outcome = { source: -1, offset: -1 };
  const move = { epoch: 1, from: 0, to: 10, published: 0, record, outcome };
  const fence = layOutFence(buffer, 'topic', [
    { partition: 1, ...move },
    { partition: 2, ...move },
  ]);
  const orders = layOut("INSERT INTO orders (contact) VALUES ('FROM outbox')");
  layOutAcknowledged(buffer, 'topic', [{ partition: 1, from: 0 }], true);
  layOutOutbox(buffer, 'topic', [{ partition: 1, from: 0, to: 1, epoch: 1, blob: Buffer.alloc(1) }]);
  const items = layOut("INSERT INTO order_items VALUES ('INSERT INTO outbox')");
  const answers = await bare.run(buffer.script());

  expect(answers).toHaveLength(6);
  expect(affectedRows(answers[fence])).toBe(2);
  expect([affectedRows(answers[orders]), affectedRows(answers[items])]).toEqual([7, 7]);
  expect(sent).toEqual([
    "START TRANSACTION;INSERT INTO orders (contact) VALUES ('FROM outbox');INSERT INTO order_items VALUES ('INSERT INTO outbox')",
  ]);

  layOutAcknowledged(buffer, 'topic', [{ partition: 1, from: 0 }], true);
  expect((await bare.run(buffer.script())).map(affectedRows)).toEqual([1]);
  expect(sent).toHaveLength(1);
});
