/** Counts transactions, fetches and produce requests, so that the bench can report their number per order. */
import type { RowDataPacket } from 'mysql2/promise';
import { metricPrefix } from '../../services/shared/metrics/index.ts';
import type { OwnTopics } from '../frame/own-topics.ts';
import { withConnection } from '../store/database.ts';

export interface Counts {
  /** Number of COMMIT statements of the whole server. */
  readonly transactions: number;
  /** Counts from the metrics of the services; null for a design without metrics. */
  readonly kafka: KafkaCounts | null;
}

interface KafkaCounts {
  readonly fetches: number;
  readonly produceRequests: number;
  readonly producedRecords: number;
}

/** @param adminPorts ports of the services' metrics */
export async function readCounts(own: OwnTopics, adminPorts: readonly number[]): Promise<Counts> {
  const transactions = await withConnection(own.mysqlUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_commit'");
    return Number(rows[0]!['Value']);
  });
  return { transactions, kafka: adminPorts.length === 0 ? null : await readKafka(adminPorts) };
}

async function readKafka(adminPorts: readonly number[]): Promise<KafkaCounts> {
  const texts = await Promise.all(
    adminPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  );
  const lines = texts.flatMap((text) => text.split('\n'));
  return {
    fetches: sumOf(lines, `${metricPrefix}kafka_consumer_fetch_seconds_count`),
    produceRequests: sumOf(lines, `${metricPrefix}kafka_produce_request_records_count`),
    producedRecords: sumOf(lines, `${metricPrefix}kafka_produce_request_records_sum`),
  };
}

/** The sum of one metric over all processes and labels; 0 until a process has observed the metric. */
function sumOf(lines: readonly string[], name: string): number {
  const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return own.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The differences between two readings, divided by the number of orders. Records are divided by produce requests. */
export function countsPerOrder(before: Counts, after: Counts, orders: number): Record<string, number> {
  const transactions = { transactionsPerOrder: (after.transactions - before.transactions) / orders };
  if (before.kafka === null || after.kafka === null) return transactions;
  const requests = after.kafka.produceRequests - before.kafka.produceRequests;
  const fetches = after.kafka.fetches - before.kafka.fetches;
  // Otherwise a metric with a new name would count as 0.
  if (orders > 0 && (requests === 0 || fetches === 0))
    throw new Error(`${orders} orders with ${requests} produce requests and ${fetches} fetches`);
  return {
    ...transactions,
    fetchesPerOrder: fetches / orders,
    requestsPerOrder: requests / orders,
    recordsPerRequest: (after.kafka.producedRecords - before.kafka.producedRecords) / requests,
  };
}
