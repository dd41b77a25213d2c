/**
 * Names and attributes of the spans, in the words of OpenTelemetry's semantic conventions 1.45.0. They hold no personal
 * data: no path of a URL, no key of a record, no statement.
 */
import type { SpanSpec } from './traces.ts';

/** A request of the API. `route` is its pattern. */
export function requestSpec(method: string, route: string): SpanSpec {
  return {
    name: `${method} ${route}`,
    kind: 'server',
    attributes: { 'http.request.method': method, 'http.route': route },
  };
}

/** A call of the gRPC API. `method` is `package.Service/Method`. */
export function callSpec(method: string): SpanSpec {
  return {
    name: method,
    kind: 'server',
    attributes: { 'rpc.system.name': 'grpc', 'rpc.method': method },
  };
}

/** Records that one produce sends to a partition. `topic` is without the prefix of the installation. */
export function sendSpec(topic: string, partition: number, records: number): SpanSpec {
  return {
    name: `send ${topic}`,
    kind: 'producer',
    attributes: {
      ...messaging('send', topic),
      'messaging.destination.partition.id': String(partition),
      ...(records > 1 && { 'messaging.batch.message_count': records }),
    },
  };
}

export interface ProcessedBatch {
  readonly topic: string;
  readonly group: string;
  readonly records: number;
  /** Traceparents of the records. */
  readonly links: readonly string[];
  readonly startMs: number;
}

/** Records that a consumer processes together. */
export function processSpec({ topic, group, records, links, startMs }: ProcessedBatch): SpanSpec {
  return {
    name: `process ${topic}`,
    kind: 'consumer',
    attributes: {
      ...messaging('process', topic),
      'messaging.consumer.group.name': group,
      'messaging.batch.message_count': records,
    },
    links,
    startMs,
  };
}

function messaging(operation: 'send' | 'process', topic: string) {
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': topic,
  };
}

/** Statements that go to the database in one packet. `summary` names their work. */
export function packetSpec(summary: string, statements: number): SpanSpec {
  return {
    name: summary,
    kind: 'client',
    attributes: {
      'db.system.name': 'mysql',
      'db.query.summary': summary,
      ...(statements > 1 && { 'db.operation.batch.size': statements }),
    },
  };
}

/** An attempt to deliver a webhook. `host` is a name or address, with its port if the URL has one. */
export function webhookSpec(host: string, attemptsBefore: number): SpanSpec {
  const url = URL.parse(`http://${host}`);
  return {
    name: 'POST',
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      ...(url !== null && { 'server.address': url.hostname }),
      ...(url !== null && url.port !== '' && { 'server.port': Number(url.port) }),
      ...(attemptsBefore > 0 && { 'http.request.resend_count': attemptsBefore }),
    },
  };
}

/** An attempt to send an e-mail. */
export function mailSpec(): SpanSpec {
  return { name: 'send mail', kind: 'client', attributes: {} };
}

/** A call of a payment provider, such as `refund`. */
export function providerSpec(call: string, provider: string): SpanSpec {
  return { name: `${call} ${provider}`, kind: 'client', attributes: { 'service.peer.name': provider } };
}
