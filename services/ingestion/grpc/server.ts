/** The gRPC server: its options, the service, health and reflection, and how it stops. */
import type { SecureContextOptions } from 'node:tls';
import { promisify } from 'node:util';
import {
  Server,
  ServerInterceptingCall,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { ServerTls } from '../../shared/tls/index.ts';
import type { ServedDeps } from './call.ts';
import { credentialsOf } from './credentials.ts';
import { Orders } from './generated/orderstream/v1/orders_pb.ts';
import { createMethods, type Method, type WatchDeps } from './methods/index.ts';
import { batchBytesMax } from './methods/method.ts';
import { addReflection } from './reflection.ts';
import { serveCall } from './served-call.ts';

export interface GrpcSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Age at which a connection gets no more calls. Its open calls may take as long again. */
  readonly maxConnectionAgeMs: number;
}

export interface GrpcServerDeps extends ServedDeps, Pick<WatchDeps, 'updates'> {
  /** Certificate and key; undefined to serve without TLS, behind a proxy that serves it. */
  readonly tls?: ServerTls | undefined;
}

export interface GrpcServer {
  /** Host and port. */
  readonly address: string;
  /** New connections use this certificate. Does nothing without TLS. */
  setSecureContext(options: SecureContextOptions): void;
  /** Tells health checks whether the service accepts traffic. */
  setServing(isServing: boolean): void;
  /** Ends every stream, finishes calls in flight, and closes all connections. Takes at most `stopMs`. */
  stop(): Promise<void>;
}

/** Maximum number of open calls of one connection. */
const streamsPerConnectionMax = 1_000;
/** The library refuses a larger message. The largest one of a method is smaller, so that it gets the details of a problem. */
const messageBytesMax = batchBytesMax + 64 * 1024;
/** Maximum metadata of a call. */
const headerBytesMax = 16 * 1024;
const keepaliveEveryMs = 60_000;
const keepaliveTimeoutMs = 20_000;
const stopMs = 2_000;
const expireEveryMs = 1_000;

/** Starts the server. Resolves when it listens. */
export async function startGrpcServer(
  deps: GrpcServerDeps,
  { host, port, maxConnectionAgeMs }: GrpcSettings,
): Promise<GrpcServer> {
  const { byPath: served, watches } = createMethods({ ...deps, watchMsMax: maxConnectionAgeMs });
  const server = new Server({
    interceptors: [interceptorOf(deps, served)],
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_metadata_size': headerBytesMax,
    'grpc.max_connection_age_ms': maxConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': maxConnectionAgeMs,
    'grpc.keepalive_time_ms': keepaliveEveryMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
  });
  addService(server, served);
  const health = new HealthImplementation();
  health.addToServer(server);
  addReflection(server);
  const setServing = (isServing: boolean): void => {
    const serving = isServing ? 'SERVING' : 'NOT_SERVING';
    for (const name of ['', Orders.typeName]) health.setStatus(name, serving);
  };
  setServing(false);
  const expiry = setInterval(watches.expire, expireEveryMs);
  const { credentials, setSecureContext } = credentialsOf(deps.tls);
  const bound = await promisify(server.bindAsync.bind(server))(`${host}:${port}`, credentials);
  return {
    address: `${host}:${bound}`,
    setSecureContext,
    setServing,
    async stop() {
      setServing(false);
      watches.drain();
      clearInterval(expiry);
      const forced = setTimeout(() => server.forceShutdown(), stopMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(forced);
    },
  };
}

/** Registers the paths of the methods. `serveCall` answers their calls, so no handler is ever called. */
function addService(server: Server, served: ReadonlyMap<string, Method>): void {
  const definition = Object.fromEntries(
    [...served].map(([path, { desc }]) => [
      desc.name,
      {
        path,
        requestStream: false,
        responseStream: desc.methodKind === 'server_streaming',
        requestSerialize: keepBytes,
        requestDeserialize: keepBytes,
        responseSerialize: keepBytes,
        responseDeserialize: keepBytes,
      },
    ]),
  );
  const handlers: UntypedServiceImplementation = Object.fromEntries(
    Object.keys(definition).map((name) => [name, () => undefined]),
  );
  server.addService(definition, handlers);
}

/** Messages are encoded and decoded by the methods. */
function keepBytes(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Calls of other services, such as health and reflection, go on to the handlers of their packages. */
function interceptorOf(deps: ServedDeps, served: ReadonlyMap<string, Method>): ServerInterceptor {
  return ({ path }, call) => {
    const method = served.get(path);
    return method === undefined
      ? new ServerInterceptingCall(call)
      : new ServerInterceptingCall(call, { start: () => serveCall(deps, method, call) });
  };
}
