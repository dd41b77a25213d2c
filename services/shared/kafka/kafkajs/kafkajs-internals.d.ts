/**
 * The parts of kafkajs 2.2.4 that this room uses below its public API, as narrow as they are used.
 * 2.2.4 is the last release and is pinned exactly; whoever moves to another version has to read these again.
 */

declare module 'kafkajs/src/cluster/index.js' {
  import type { KafkaBroker, KafkaCluster } from 'kafkajs/src/types-of-room.js';

  const Cluster: new (
    options: Record<string, unknown>,
  ) => KafkaCluster & {
    brokerPool: {
      brokers: Record<string, KafkaBroker>;
      seedBroker?: KafkaBroker;
      connectionPoolBuilder: { build(): Promise<never> };
    };
  };
  export default Cluster;
}

declare module 'kafkajs/src/types-of-room.js' {
  export interface KafkaConnection {
    socket?: { destroy(): void };
    requestQueue: { rejectAll(error: Error): void; destroy(): void };
    connectionStatus: string;
    connect(): Promise<unknown>;
    isConnected(): boolean;
    disconnect(): Promise<unknown>;
  }

  export interface WireRequest {
    request: {
      apiKey: number;
      apiVersion: number;
      apiName: string;
      expectResponse?: () => boolean;
      encode(): Promise<{ buf: Buffer; buffer: Buffer }>;
    };
    response: { decode(raw: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
    logResponseError?: boolean;
  }

  export interface KafkaConnectionPool {
    host: string;
    port: number;
    pool: KafkaConnection[];
    send(request: WireRequest): Promise<unknown>;
    destroy(): Promise<void>;
  }

  export interface FetchedMessage {
    offset: string;
    timestamp: string;
    key: Buffer | null;
    value: Buffer | null;
    headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
    isControlRecord?: boolean;
  }

  export interface FetchedPartition {
    partition: number;
    highWatermark: string;
    messages: FetchedMessage[];
    /** Those whose records are among the messages; the fetch does not leave them out. */
    abortedTransactions?: { firstOffset: string; producerId: string }[];
  }

  export interface FetchAsked {
    isolationLevel?: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }

  export interface KafkaBroker {
    nodeId: number | null;
    versions: Record<number, { minVersion: number; maxVersion: number }> | null;
    connectionPool: KafkaConnectionPool;
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    fetch(
      request: FetchAsked,
    ): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
    offsetCommit(request: {
      groupId: string;
      memberId: string;
      groupGenerationId: number;
      topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
    }): Promise<unknown>;
    offsetFetch(request: {
      groupId: string;
      topics: { topic: string; partitions: { partition: number }[] }[];
    }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  }

  export interface PartitionMetadata {
    partitionErrorCode: number;
    partitionId: number;
    leader: number;
    replicas: number[];
    isr: number[];
  }

  export interface KafkaCluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    removeBroker(address: { host: string; port: number }): void;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    addMultipleTargetTopics(topics: string[]): Promise<void>;
    findTopicPartitionMetadata(topic: string): PartitionMetadata[];
    findBroker(options: { nodeId: string }): Promise<KafkaBroker>;
    findGroupCoordinator(options: { groupId: string }): Promise<KafkaBroker>;
    fetchTopicsOffset(
      topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module 'kafkajs/src/broker/index.js' {
  import type { KafkaBroker } from 'kafkajs/src/types-of-room.js';

  const Broker: new (options: Record<string, unknown>) => KafkaBroker;
  export default Broker;
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type { KafkaConnectionPool } from 'kafkajs/src/types-of-room.js';

  const ConnectionPool: new (options: Record<string, unknown>) => KafkaConnectionPool;
  export default ConnectionPool;
}

declare module 'kafkajs/src/network/connection.js' {
  const Connection: { prototype: { connect(this: object): Promise<unknown> } };
  export default Connection;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  const createSocketFactory: () => unknown;
  export default createSocketFactory;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface Queue {
    pending: unknown[];
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    push(request: unknown): void;
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  const RequestQueue: { new (options: Record<string, unknown>): Queue; prototype: Queue };
  export default RequestQueue;
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: { createLogger(options: { level: number; logCreator: unknown }): unknown };
  export default loggers;
}

declare module 'kafkajs/src/instrumentation/emitter.js' {
  export interface Emitter {
    addListener(event: string, listener: (event: { payload: Record<string, unknown> }) => void): () => void;
    emit(event: string, payload: unknown): void;
  }
  const InstrumentationEventEmitter: new () => Emitter;
  export default InstrumentationEventEmitter;
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { FetchedPartition, KafkaBroker, KafkaCluster } from 'kafkajs/src/types-of-room.js';
  export interface Group {
    generationId: number | null;
    memberId: string | null;
    coordinator: KafkaBroker | null;
    assigned(): { topic: string; partitions: number[] }[];
    fetch(nodeId: string): Promise<unknown[]>;
    /** Epoch ms of the last heartbeat. */
    lastRequest: number;
    heartbeat(options: { interval: number }): Promise<void>;
    leave(): Promise<void>;
    joinAndSync(): Promise<void>;
    pause(topics: { topic: string; partitions: number[] }[]): void;
    resume(topics: { topic: string; partitions: number[] }[]): void;
    seek(target: { topic: string; partition: number; offset: string }): void;
    resolveOffset(target: { topic: string; partition: number; offset: string }): void;
    commitOffsets(offsets: {
      topics: {
        topic: string;
        partitions: { partition: number; offset: string; metadata: string | null }[];
      }[];
    }): Promise<void>;
    recoverFromFetch(error: Error): Promise<void>;
    recoverFromOffsetOutOfRange(error: Error): Promise<void>;
    cluster: KafkaCluster;
    seekOffset: Map<string, unknown>;
  }
  export type { FetchedPartition };

  const ConsumerGroup: new (options: Record<string, unknown>) => Group;
  export default ConsumerGroup;
}

declare module 'kafkajs/src/errors.js' {
  export const KafkaJSOffsetOutOfRange: new (
    error: Error,
    where: { topic: string; partition: number },
  ) => Error;
}

declare module 'kafkajs/src/protocol/error.js' {
  export const createErrorFromCode: (code: number) => Error;
}

declare module 'kafkajs/src/consumer/filterAbortedMessages.js' {
  import type { FetchedMessage, FetchedPartition } from 'kafkajs/src/types-of-room.js';

  const filterAbortedMessages: (
    fetched: Pick<FetchedPartition, 'messages' | 'abortedTransactions'>,
  ) => FetchedMessage[];
  export default filterAbortedMessages;
}

declare module 'kafkajs/src/consumer/runner.js' {
  export interface FetchedBatch {
    topic: string;
    partition: number;
    highWatermark: string;
    fetchedOffset: string;
    rawMessages: unknown[];
  }
  export interface GroupRunner {
    running: boolean;
    start(): Promise<void>;
    stop(): Promise<void>;
    heartbeat(): Promise<void>;
    handleBatch(batch: FetchedBatch): Promise<void>;
  }
  const Runner: new (options: Record<string, unknown>) => GroupRunner;
  export default Runner;
}

declare module 'kafkajs/src/consumer/instrumentationEvents.js' {
  const instrumentation: { events: Record<string, string> };
  export default instrumentation;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const protocol: {
    MemberMetadata: {
      encode(value: { version: number; topics: string[]; userData?: Buffer }): Buffer;
      decode(bytes: Buffer): { version: number; topics: string[]; userData: Buffer | null } | null;
    };
    MemberAssignment: {
      encode(value: { version: number; assignment: Record<string, number[]>; userData?: Buffer }): Buffer;
      decode(bytes: Buffer): { version: number; assignment: Record<string, number[]> } | null;
    };
  };
  export default protocol;
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { WireRequest } from 'kafkajs/src/types-of-room.js';

  interface Definition {
    versions: string[];
  }
  const protocol: {
    requests: Record<string, Definition>;
    lookup(
      versions: Record<number, { minVersion: number; maxVersion: number }>,
    ): (apiKey: number, definition: Definition | undefined) => (options: unknown) => WireRequest;
  };
  export default protocol;
}

declare module 'kafkajs/src/protocol/requests/fetch/index.js' {
  import type { FetchAsked, FetchedPartition, WireRequest } from 'kafkajs/src/types-of-room.js';

  const fetch: {
    protocol(options: { version: number }): (asked: FetchAsked) => Pick<WireRequest, 'request'> & {
      response: {
        decode(raw: Buffer): Promise<{
          clientSideThrottleTime: number;
          responses: { topicName: string; partitions: (FetchedPartition & { errorCode: number })[] }[];
        }>;
      };
    };
  };
  export default fetch;
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Record<string, number>;
  export default apiKeys;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  const Decoder: new (buffer: Buffer) => { offset: number };
  export default Decoder;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js' {
  const decode: (decoder: unknown) => Promise<{
    records: import('kafkajs/src/types-of-room.js').FetchedMessage[];
    maxTimestamp: string;
    firstTimestamp: string;
    lastOffsetDelta: number;
    producerId: string;
  }>;
  export default decode;
}
