/** Counts transactions, fetches and produce requests, so that their number per order can be reported. */
import type { RowDataPacket } from 'mysql2/promise';
import type { OwnTopics } from '../frame/own-topics.ts';
import { withConnection } from '../store/database.ts';

export interface Counts {
  /** COMMIT statements of the whole server. */
  readonly transactions: number;
  /** By the metrics of the services; null for a design without metrics. */
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
  const sum = (name: string): number => texts.reduce((total, text) => total + sumOf(text, name), 0);
  return {
    fetches: sum('kafka_consumer_fetch_seconds_count'),
    produceRequests: sum('kafka_produce_request_records_count'),
    producedRecords: sum('kafka_produce_request_records_sum'),
  };
}

/** Over all labels of one metric. */
function sumOf(text: string, name: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** What was counted between two readings, per order; records are per produce request. */
export function countsPerOrder(before: Counts, after: Counts, orders: number): Record<string, number> {
  const transactions = { transactionsPerOrder: (after.transactions - before.transactions) / orders };
  if (before.kafka === null || after.kafka === null) return transactions;
  const requests = after.kafka.produceRequests - before.kafka.produceRequests;
  return {
    ...transactions,
    fetchesPerOrder: (after.kafka.fetches - before.kafka.fetches) / orders,
    requestsPerOrder: requests / orders,
    recordsPerRequest: (after.kafka.producedRecords - before.kafka.producedRecords) / requests,
  };
}
