/** Fills the tables before a run, so that the bench shows whether full tables slow the writer down. */
import { PARTITIONS } from '../../topics/partition.ts';
import { connect } from '../reference/connect.ts';
import { loadChunk } from '../reference/load-data.ts';
import { makeDatabase } from './database.ts';
import { createOrderStream } from './order-stream.ts';

const chunkOrders = 5_000;
const reportEveryOrders = 500_000;

/** Recreates the database and loads this many orders into it, evenly over the partitions from offset 0. */
export async function fillDatabase(
  url: string,
  { orders, seed }: { orders: number; seed: number },
  tell: (line: string) => void,
): Promise<void> {
  await makeDatabase(url);
  const stream = createOrderStream({ seed, shape: 'uniform', keepTemplates: true });
  const connection = await connect(url, { localFiles: true });
  const perPartition = orders / PARTITIONS;
  let loaded = 0;
  for (let offset = 0; offset < perPartition; offset += chunkOrders) {
    const count = Math.min(chunkOrders, perPartition - offset);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await loadChunk(connection, stream, partition, offset, count);
      loaded += count;
      if (loaded % reportEveryOrders < count) tell(`filling the tables: ${loaded} of ${orders} orders`);
    }
  }
  await connection.end();
}
