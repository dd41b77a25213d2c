/** Accepts the spans of a traced design, and counts their bytes. It runs in the bench, whose CPU time belongs to no design. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export interface TraceSink {
  /** The environment that makes a service record 1 % of the orders and send their spans here. */
  readonly env: Readonly<Record<string, string>>;
  /** The option of Node that loads the SDK. */
  readonly nodeOption: string;
  /** Bytes of spans so far. */
  bytes(): number;
  close(): Promise<void>;
}

const register = path.resolve(import.meta.dirname, '../../services/shared/trace/register.ts');
const recordedShare = '0.01';

/** Starts the sink on a free port. */
export async function startTraceSink(): Promise<TraceSink> {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: recordedShare,
    },
    nodeOption: `--import=${register}`,
    bytes: () => bytes,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
