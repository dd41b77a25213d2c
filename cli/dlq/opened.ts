/** The shared parts of the commands of `orderstream dlq`: their filters, and their servers during a run. */
import type { Connection } from 'mysql2/promise';
import { withDatabase } from '../database.ts';
import { usageError } from '../errors.ts';
import { type Decoder, openDecoder } from '../kafka/decoder.ts';
import { type LogReader, openLogReader } from '../kafka/log-reader.ts';
import { findServers, type ServerConfig } from '../servers.ts';
import { type DeadLetterFilter, type Position, parsePosition } from './dead-letters.ts';

export interface FilterOptions {
  name: string;
  reason?: string[];
  since?: number;
  until?: number;
  partition?: number;
  order?: string;
}

/** The filter of the options. @throws CliError for an invalid position */
export function filterOf(
  options: FilterOptions,
  { positions, openOnly }: { positions?: readonly Position[]; openOnly: boolean },
): DeadLetterFilter {
  for (const position of positions ?? []) {
    if (parsePosition(position) === null) {
      throw usageError(
        `${position} is not a position; a position is a partition and an offset, for example 3-120`,
      );
    }
  }
  return {
    reasons: options.reason,
    sinceMs: options.since,
    untilMs: options.until,
    partition: options.partition,
    orderId: options.order,
    positions,
    openOnly,
  };
}

export interface Opened {
  db: Connection;
  reader: LogReader;
  decoder: Decoder;
  servers: ServerConfig<'kafka'>;
}

/** Connects to all servers, runs `work`, and closes the connections afterwards. */
export async function withServers(name: string, work: (opened: Opened) => Promise<void>): Promise<void> {
  const servers = await findServers(name, process.env, ['kafka', 'registry', 'mysql']);
  const decoder = await openDecoder(servers.schemaRegistryUrl);
  const reader = await openLogReader(servers);
  try {
    await withDatabase(servers.mysqlUrl, (db) => work({ db, reader, decoder, servers }));
  } finally {
    await reader.close();
  }
}
