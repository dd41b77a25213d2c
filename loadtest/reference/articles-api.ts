/**
 * The API of the design that many articles describe. Each request runs one transaction. It writes an order, its
 * lines, its stock and an outbox row. The relay publishes the outbox. The response has the decision.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { noRules } from '../../services/domain/index.ts';
import { HttpProblem } from '../../services/ingestion/http/problems.ts';
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { loadCodecs } from '../../services/shared/codec/index.ts';
import { uuidToBytes } from '../../services/shared/mysql/index.ts';
import { partitionOfOrder } from '../../topics/index.ts';
import { type Connection, connect } from './connect.ts';
import { createOrderApp, type OrderToPlace, type Placed } from './order-app.ts';
import { persistOrder } from './order-transaction.ts';
import {
  isDuplicate,
  openPool,
  type ReferenceJob,
  retryConflicts,
  runReference,
  type StartedReference,
} from './reference-process.ts';

const insertOutbox = 'INSERT INTO articles_outbox (partition_id, order_id, event) VALUES (?, ?, ?)';

await runReference(start);

async function start({ mysqlUrl, registryUrl, keyDir, settings }: ReferenceJob): Promise<StartedReference> {
  const { events: codec } = await loadCodecs({ registryUrl, log: console });
  const pool = await openPool(mysqlUrl, settings.pool);
  let next = await nextKey(mysqlUrl);

  const place = (command: OrderToPlace): Promise<Placed> =>
    pool.use(async (connection) => {
      const { orderId } = command;
      const offset = next++;
      const keep = (event: Buffer) =>
        connection.execute(insertOutbox, [partitionOfOrder(orderId), orderId, event]);
      try {
        const order = { codec, command, place: { partition: 0, offset }, rules: noRules, keep };
        const { isAccepted } = await retryConflicts(() => persistOrder(connection, order));
        return { httpStatus: 201, status: isAccepted ? 'PENDING_PAYMENT' : 'REJECTED' };
      } catch (error) {
        if (isDuplicate(error)) return repeated(connection, command);
        throw error;
      }
    });
  const app = await createOrderApp(keyDir, place);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async stop() {
      await app.close();
      await pool.close();
    },
  };
}

/** The next key of an order. Keys rise by one, as an AUTO_INCREMENT column would. */
async function nextKey(url: string): Promise<number> {
  const connection = await connect(url);
  const [rows] = await connection.query<RowDataPacket[]>('SELECT MAX(order_key) AS last FROM orders');
  await connection.end();
  const { last } = rows[0]!;
  return last === null ? 0 : Number(last) - orderKeyOf(0, 0) + 1;
}

/** The stored order with the same id, if it is a repeat of this order. */
async function repeated(connection: Connection, { orderId, fingerprint }: OrderToPlace): Promise<Placed> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    'SELECT status, fingerprint FROM orders WHERE order_id = ?',
    [uuidToBytes(orderId)],
  );
  const [row] = rows;
  if (row === undefined || !(row['fingerprint'] as Buffer).equals(fingerprint!))
    throw new HttpProblem('KEY_REUSED');
  return { httpStatus: 200, status: row['status'] };
}
