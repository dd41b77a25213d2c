import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseRegistryUrl } from '../../services/shared/codec/index.ts';
import { request } from '../../services/shared/http-client/index.ts';
import { findJava } from '../downloads/java.ts';
import { type Download, fetched, plugin } from '../downloads/maven.ts';
import { versions } from '../downloads/versions.ts';
import { launch } from '../processes/processes.ts';
import type { Server, ServerContext } from './server.ts';

const HEAP_MB = 256;
const ASK_TIMEOUT_MS = 2_000;
/**
 * By default H2 delays its writes, so a killed registry loses acknowledged schemas, or half of its own tables.
 * With these options H2 writes its file at each commit and never compacts it in place. Then the file survives a
 * kill at any moment.
 */
const STORAGE_OPTIONS = [
  'DB_CLOSE_ON_EXIT=FALSE',
  'WRITE_DELAY=0',
  'MAX_COMPACT_TIME=0',
  'AUTO_COMPACT_FILL_RATE=0',
];

const download: Download = {
  folder: `registry-${versions.registry.version}`,
  label: `Schema registry (Apicurio ${versions.registry.version})`,
  megabytes: versions.registry.downloadMb,
  landsIn: `io/apicurio/apicurio-registry-app/${versions.registry.version}`,
  mavenArgs: (into) => [
    plugin('unpack'),
    `-Dartifact=${versions.registry.artifact}`,
    `-DoutputDirectory=${into}`,
  ],
};

/**
 * Apicurio with its Confluent-compatible API. Its H2 file is in the instance's folder and survives a restart.
 */
export const registry: Server = {
  name: 'registry',
  variable: 'SCHEMA_REGISTRY_URL',
  readyDeadlineMs: 120_000,
  ports: (instance) => [instance.ports.registry],
  processes: () => ['registry'],
  address: (instance) => `http://127.0.0.1:${instance.ports.registry}/apis/ccompat/v7`,
  prepare: async (context) => {
    await Promise.all([findJava(), fetched(download, context)]);
  },
  start,
  ask,
};

async function start(context: ServerContext): Promise<void> {
  const [java, home] = await Promise.all([findJava(), fetched(download, context)]);
  mkdirSync(path.join(context.dir, 'data', 'registry'), { recursive: true });
  await launch(context.dir, {
    name: 'registry',
    command: java,
    args: [
      `-Xmx${HEAP_MB}m`,
      '-XX:+UseSerialGC',
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      '-jar',
      path.join(home, versions.registry.jar),
    ],
    env: {
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(context.instance.ports.registry),
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
      ...context.extras.registry,
      APICURIO_STORAGE_KIND: 'sql',
      APICURIO_STORAGE_SQL_KIND: 'h2',
      // The path is relative to the instance's folder, in which the registry runs. A URL cannot contain every
      // absolute path.
      APICURIO_DATASOURCE_URL: `jdbc:h2:file:${['./data/registry/registry', ...STORAGE_OPTIONS].join(';')}`,
    },
  });
}

/** Requests the list of subjects, because this request also needs the storage. */
async function ask(address: string): Promise<void> {
  const { base, headers, agent } = parseRegistryUrl(address);
  const asked = { method: 'GET', headers, agent, timeoutMs: ASK_TIMEOUT_MS } as const;
  const { status } = await request(`${base}/subjects`, asked);
  if (status !== 200) throw new Error(`HTTP ${status}`);
}
