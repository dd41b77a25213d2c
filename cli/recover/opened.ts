/** The servers of one run of `orderstream recover`. */
import type { Connection } from 'mysql2/promise';
import {
  createAdmin,
  createKafkaConfig,
  createLogProbe,
  type KafkaAdmin,
  type KafkaSettings,
  type LogProbe,
} from '../../services/shared/kafka/index.ts';
import { withDatabase } from '../database.ts';
import { type LogReader, openLogReader } from '../kafka/log-reader.ts';
import { findServers } from '../servers.ts';

export interface Opened {
  readonly db: Connection;
  readonly reader: LogReader;
  readonly admin: KafkaAdmin;
  readonly eventsAdmin: KafkaAdmin;
  readonly probe: LogProbe;
  readonly settings: KafkaSettings;
}

/** Connects to all servers, runs `work`, and closes the connections afterwards. */
export async function withServers<T>(name: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const servers = await findServers(name, process.env, ['kafka', 'mysql']);
  const settings = createKafkaConfig(servers, 'orderstream-cli');
  const admin = createAdmin(settings);
  const eventsAdmin = createAdmin(settings);
  const probe = createLogProbe(settings);
  try {
    const reader = await openLogReader(servers);
    try {
      return await withDatabase(servers.mysqlUrl, (db) =>
        work({ db, reader, admin, eventsAdmin, probe, settings }),
      );
    } finally {
      await reader.close();
    }
  } finally {
    probe.close();
    await Promise.all([admin.close(), eventsAdmin.close()]);
  }
}
