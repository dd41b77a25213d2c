/** Receives spans as OTLP over HTTP, and decodes them by the published messages of OpenTelemetry. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

export interface ReceivedSpan {
  /** From the resource. */
  readonly service: string;
  readonly name: string;
  /** `SPAN_KIND_SERVER` and so on. */
  readonly kind: string;
  /** Ids are hex digits. The parent is empty for a root. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly droppedLinks: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly isError: boolean;
}

export interface OtlpReceiver {
  /** The environment that makes a service send its spans here at once. */
  readonly env: Readonly<Record<string, string>>;
  readonly spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

const messages = path.join(import.meta.dirname, 'opentelemetry-proto');
const register = path.resolve(import.meta.dirname, '../../../services/shared/trace/register.ts');

/** Starts a receiver on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const request = await loadMessage('ExportTraceServiceRequest');
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (incoming, response) => {
    const isRight =
      incoming.url === '/v1/traces' && incoming.headers['content-type'] === 'application/x-protobuf';
    if (isRight) spans.push(...readSpans(request, await bodyOf(incoming)));
    response.writeHead(isRight ? 200 : 400, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    spans,
    env: {
      NODE_OPTIONS: `--import=${register}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function loadMessage(name: string): Promise<protobuf.Type> {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => path.join(messages, target);
  await root.load('opentelemetry/proto/collector/trace/v1/trace_service.proto');
  return root.lookupType(`opentelemetry.proto.collector.trace.v1.${name}`);
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const body = Buffer.concat(await incoming.toArray());
  return incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** The decoded messages, as far as tests read them. Bytes are base64, and 64-bit integers are numbers. */
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}
interface WireAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface WireSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly droppedLinksCount: number;
  readonly attributes: readonly WireAttribute[];
  readonly status: { readonly code: string } | null;
}

function readSpans(request: protobuf.Type, body: Buffer): ReceivedSpan[] {
  const options = { bytes: String, enums: String, longs: Number, defaults: true, arrays: true };
  const { resourceSpans } = request.toObject(request.decode(body), options) as WireRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(service, span)));
  });
}

function spanOf(service: string, span: WireSpan): ReceivedSpan {
  const { name, kind, traceId, spanId, parentSpanId, links, droppedLinksCount, attributes, status } = span;
  return {
    ...{ service, name, kind, droppedLinks: droppedLinksCount },
    ...{ traceId: hexOf(traceId), spanId: hexOf(spanId), parentSpanId: hexOf(parentSpanId) },
    links: links.map((link) => ({ traceId: hexOf(link.traceId), spanId: hexOf(link.spanId) })),
    attributes: attributesOf(attributes),
    isError: status?.code === 'STATUS_CODE_ERROR',
  };
}

function attributesOf(attributes: readonly WireAttribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']),
  );
}

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
