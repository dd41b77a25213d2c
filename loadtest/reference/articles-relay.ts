/**
 * The relay of the design that many articles describe: reads the oldest outbox rows, publishes them and deletes them.
 * After a crash before the deletion, it publishes these rows again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import type { RowDataPacket } from 'mysql2/promise';
import { type Connection, connect } from './connect.ts';
import {
  kafkaOf,
  openProducer,
  type ReferenceJob,
  runReference,
  type StartedReference,
} from './reference-process.ts';

/**
 * Deletes each row by its key. Without the forced index, the optimizer reads the whole of a small table. Then the
 * DELETE waits for all open transactions.
 */
const deleteRows =
  "DELETE o FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) d " +
  'STRAIGHT_JOIN articles_outbox o FORCE INDEX (PRIMARY) ON o.id = d.id';

await runReference(start);

async function start(job: ReferenceJob): Promise<StartedReference> {
  const { relayRows, relayPauseMs } = job.settings;
  const connection = await connect(job.mysqlUrl);
  const producer = await openProducer(kafkaOf(job));
  let stopping = false;
  const loop = async (): Promise<void> => {
    while (!stopping) {
      const published = await relay(connection, producer, job.eventTopic, relayRows);
      if (published === 0) await sleep(relayPauseMs);
    }
  };
  const running = loop();
  running.catch((error) => {
    console.error(error);
    process.exit(1);
  });
  return {
    url: null,
    async stop() {
      stopping = true;
      await running;
      await Promise.all([producer.disconnect(), connection.end()]);
    },
  };
}

/**
 * Publishes up to `rowsMax` rows and returns their number. Rows that are committed meanwhile wait for the next turn.
 */
async function relay(
  connection: Connection,
  producer: Producer,
  topic: string,
  rowsMax: number,
): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT id, partition_id, order_id, event FROM articles_outbox ORDER BY id LIMIT ?',
    [rowsMax],
  );
  if (rows.length === 0) return 0;
  const messages = rows.map((row) => ({
    partition: row['partition_id'] as number,
    key: row['order_id'] as string,
    value: row['event'] as Buffer,
  }));
  await producer.send({ topic, acks: -1, messages });
  await connection.query(deleteRows, [JSON.stringify(rows.map((row) => row['id']))]);
  return rows.length;
}
