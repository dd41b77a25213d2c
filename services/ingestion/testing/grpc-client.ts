/** A gRPC client of the service for tests, and a server on the fake world. */
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Orders } from '../grpc/generated/orderstream/v1/orders_pb.ts';
import { startGrpcServer } from '../grpc/server.ts';
import { createFakeWorld, type FakeOptions, fakeTokens } from './fake-world.ts';

/** The result of a call: its message, or what its status says. */
type CallResult<O extends DescMessage> =
  | { readonly message: MessageShape<O>; readonly error: null }
  | { readonly message: null; readonly error: CallError };

export interface CallError {
  /** Status code of gRPC. */
  readonly code: number;
  readonly message: string;
  /** The problem code of `ErrorInfo`. */
  readonly reason: string;
  /** `RetryInfo` in seconds; null without it. */
  readonly retrySeconds: number | null;
  /** The paths of `BadRequest`. */
  readonly fields: readonly string[];
}

interface CallOptions {
  /** Null: the call has no token. */
  readonly token?: string | null;
  readonly deadlineMs?: number;
}

type UnaryName = Exclude<keyof typeof Orders.method, 'watchOrder'>;

export interface GrpcClient {
  call<N extends UnaryName>(
    name: N,
    request: MessageInitShape<(typeof Orders.method)[N]['input']>,
    options?: CallOptions,
  ): Promise<CallResult<(typeof Orders.method)[N]['output']>>;
  /** Sends bytes that may be no message. */
  raw(name: UnaryName, bytes: Uint8Array, options?: CallOptions): Promise<CallResult<DescMessage>>;
  watch(
    request: MessageInitShape<(typeof Orders.method)['watchOrder']['input']>,
    options?: CallOptions,
  ): ClientReadableStream<MessageShape<(typeof Orders.method)['watchOrder']['output']>>;
  close(): void;
}

function createGrpcClient(address: string, token: string): GrpcClient {
  const client = new Client(address, credentials.createInsecure());
  const raw = (desc: DescMethod, bytes: Uint8Array, options: CallOptions): Promise<CallResult<DescMessage>> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(
        pathOf(desc),
        (request: Uint8Array) => Buffer.from(request),
        (answer: Buffer) => fromBinary(desc.output, answer),
        bytes,
        metadataOf(options.token === undefined ? token : options.token),
        options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
        (error, message) =>
          resolve(
            error === null ? { message: message!, error: null } : { message: null, error: errorOf(error) },
          ),
      );
    });
  return {
    call: (name, request, options = {}) => {
      const desc: DescMethod = Orders.method[name];
      const bytes = toBinary(desc.input, create(desc.input, request));
      return raw(desc, bytes, options) as never;
    },
    raw: (name, bytes, options = {}) => raw(Orders.method[name], bytes, options),
    watch: (request, options = {}) => {
      const desc = Orders.method.watchOrder;
      return client.makeServerStreamRequest(
        pathOf(desc),
        (init: typeof request) => Buffer.from(toBinary(desc.input, create(desc.input, init))),
        (answer: Buffer) => fromBinary(desc.output, answer),
        request,
        metadataOf(options.token === undefined ? token : options.token),
      );
    },
    close: () => client.close(),
  };
}

/** A server on the fake world and a client of the customer `c1`. */
export async function openFakeGrpc(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const server = await startGrpcServer(
    { ...world.deps, updates: world.updates },
    {
      host: '127.0.0.1',
      port: 0,
      maxConnectionAgeMs: 60_000,
    },
  );
  const client = createGrpcClient(server.address, fakeTokens.c1);
  return Object.assign(world, {
    server,
    client,
    async close() {
      client.close();
      await server.stop();
    },
  });
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function metadataOf(token: string | null): Metadata {
  const metadata = new Metadata();
  if (token !== null) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** What the status of a failed call says. */
export function errorOf({
  code,
  details,
  metadata,
}: Pick<ServiceError, 'code' | 'details' | 'metadata'>): CallError {
  const [status] = metadata.get('grpc-status-details-bin');
  const parts = status === undefined ? new Map<string, Uint8Array>() : anyParts(status as Buffer);
  const info = parts.get('ErrorInfo');
  const retry = parts.get('RetryInfo');
  const bad = parts.get('BadRequest');
  return {
    code,
    message: details,
    reason: info === undefined ? '' : textOf(fieldsOf(info).get(1)![0]!),
    retrySeconds: retry === undefined ? null : secondsOf(retry),
    fields: (bad === undefined ? [] : fieldsOf(bad).get(1)!).map((one) =>
      textOf(fieldsOf(one as Uint8Array).get(1)![0]!),
    ),
  };
}

/** The details of a `google.rpc.Status`, by the last word of their type. */
function anyParts(status: Uint8Array): Map<string, Uint8Array> {
  return new Map(
    (fieldsOf(status).get(3) ?? []).map((any) => {
      const fields = fieldsOf(any as Uint8Array);
      return [textOf(fields.get(1)![0]!).split('.').at(-1)!, fields.get(2)![0] as Uint8Array];
    }),
  );
}

function secondsOf(retryInfo: Uint8Array): number {
  const duration = fieldsOf(fieldsOf(retryInfo).get(1)![0] as Uint8Array);
  return Number(duration.get(1)?.[0] ?? 0) + Number(duration.get(2)?.[0] ?? 0) / 1e9;
}

function textOf(value: Uint8Array | number): string {
  return Buffer.from(value as Uint8Array).toString('utf8');
}

/** The fields of a message by number: varints as numbers, the others as bytes. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const value = wireType === 0 ? Number(reader.int64()) : reader.bytes();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}
