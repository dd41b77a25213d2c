import { expect, test } from 'vitest';
import type { Mysql, Session } from '../../services/shared/mysql/index.ts';
import { deleteOutbox, insertOutbox } from '../../services/worker/store/outbox.ts';
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
    execute: send,
    begin: async () => void sent.push('BEGIN'),
  } as unknown as Session;
  const mysql = { connect: async () => session } as unknown as Mysql;
  const bare = await withoutGuards(mysql).connect();

  const move = { epoch: 1, from: 0, to: 10, published: 0 };
  expect(
    await fence(bare, 'topic', [
      { partition: 1, ...move },
      { partition: 2, ...move },
    ]),
  ).toBe(2);
  await deleteOutbox(bare, 'topic', [{ partition: 1, from: 0 }]);
  await insertOutbox(bare, 'topic', [{ partition: 1, from: 0, to: 1, epoch: 1, blob: Buffer.alloc(1) }]);
  expect(sent).toEqual([]);

  await bare.begin();
  expect((await bare.write("INSERT INTO orders (contact) VALUES ('FROM outbox')")).affectedRows).toBe(7);
  expect(sent).toHaveLength(2);
});
