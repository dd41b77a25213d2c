import { expect, test } from 'vitest';
import {
  headroomBytes,
  type Mysql,
  type Session,
  StatementBuffer,
  type StatementBytes,
} from '../../services/shared/mysql/index.ts';
import { deleteOutbox, layOutOutbox } from '../../services/worker/store/outbox.ts';
import { fence } from '../../services/worker/store/positions.ts';
import { withoutGuards } from './bare-session.ts';

test('fence and outbox statements are answered as if they had been sent, all others are sent', async () => {
  const sent: string[] = [];
  const send = async (sql: string) => {
    sent.push(sql);
    return { affectedRows: 7, insertId: 0, info: '' };
  };
  const session = {
    write: send,
    send: async ({ framed }: StatementBytes) => send(framed.toString('latin1', headroomBytes)),
    begin: async () => void sent.push('BEGIN'),
  } as unknown as Session;
  const mysql = { connect: async () => session } as unknown as Mysql;
  const bare = await withoutGuards(mysql).connect();

  const blob = Buffer.alloc(1);
  const move = { epoch: 1, from: 0, to: 10, published: 0 };
  expect(
    await fence(bare, 'topic', [
      { partition: 1, ...move },
      { partition: 2, ...move },
    ]),
  ).toBe(2);
  await deleteOutbox(bare, 'topic', [{ partition: 1, from: 0 }]);
  const buffer = new StatementBuffer();
  await bare.send(layOutOutbox(buffer, 'topic', [{ partition: 1, from: 0, to: 1, epoch: 1, blob }])!);
  expect(sent).toEqual([]);

  await bare.begin();
  expect((await bare.write("INSERT INTO orders (contact) VALUES ('FROM outbox')")).affectedRows).toBe(7);
  buffer.begin("INSERT INTO order_items VALUES ('INSERT INTO outbox')");
  expect((await bare.send(buffer.end())).affectedRows).toBe(7);
  expect(sent).toHaveLength(3);
});
