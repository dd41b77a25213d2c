/** Loads orders into tables, for runs that begin with orders. */
import { PARTITIONS } from '../../topics/partition.ts';
import { connect } from '../reference/connect.ts';
import { loadChunk } from '../reference/load-data.ts';
import { makeDatabase } from './database.ts';
import { createOrderStream } from './order-stream.ts';

const chunkOrders = 5_000;
const reportEveryOrders = 500_000;
/** Loaded orders beside a log begin at this offset. No log of a bench becomes so long, so no order has their keys. */
export const loadedFrom = 2 ** 40;

/**
 * Recreates the database and loads at least this many orders into it, evenly over the partitions from offset 0. The bench
 * shows with them whether full tables slow the writer down.
 */
export async function fillDatabase(
  url: string,
  { orders, seed }: { orders: number; seed: number },
  tell: (line: string) => void,
): Promise<void> {
  await makeDatabase(url);
  let reported = 0;
  await loadOrders(url, { seed, firstOffset: 0, orders }, (loaded) => {
    if (loaded - reported < reportEveryOrders) return;
    reported = loaded;
    tell(`filling the tables: ${loaded} of ${orders} orders`);
  });
}

/**
 * Loads orders of the stream, evenly over the partitions from an offset on. They are unpaid and take no stock. The last
 * one of each partition may be more than asked for.
 */
export async function loadOrders(
  url: string,
  { seed, firstOffset, orders }: { seed: number; firstOffset: number; orders: number },
  onLoaded: (orders: number) => void = () => undefined,
): Promise<void> {
  const stream = createOrderStream({ seed, shape: 'uniform', keepTemplates: true });
  const connection = await connect(url, { localFiles: true });
  const perPartition = Math.ceil(orders / PARTITIONS);
  let loaded = 0;
  for (let from = 0; from < perPartition; from += chunkOrders) {
    const count = Math.min(chunkOrders, perPartition - from);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await loadChunk(connection, stream, partition, firstOffset + from, count);
      loaded += count;
      onLoaded(loaded);
    }
  }
  await connection.end();
}
