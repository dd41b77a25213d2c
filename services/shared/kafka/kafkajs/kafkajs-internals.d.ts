/**
 * The internal parts of kafkajs 2.2.4 that we use. 2.2.4 is the last release and is pinned exactly. Check each
 * declaration again before you change the version.
 */

declare module 'kafkajs/src/cluster/index.js' {
  type KafkaBroker = import('./library-types.ts').KafkaBroker;
  type KafkaCluster = import('./library-types.ts').KafkaCluster;

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

declare module 'kafkajs/src/broker/index.js' {
  type KafkaBroker = import('./library-types.ts').KafkaBroker;

  const Broker: new (options: Record<string, unknown>) => KafkaBroker;
  export default Broker;
}

declare module 'kafkajs/src/network/connectionPool.js' {
  type KafkaConnectionPool = import('./library-types.ts').KafkaConnectionPool;

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
  type FetchedPartition = import('./library-types.ts').FetchedPartition;
  type KafkaBroker = import('./library-types.ts').KafkaBroker;
  type KafkaCluster = import('./library-types.ts').KafkaCluster;
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
  type FetchedMessage = import('./library-types.ts').FetchedMessage;
  type FetchedPartition = import('./library-types.ts').FetchedPartition;

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

declare module 'kafkajs/src/producer/eosManager/index.js' {
  interface Transactions {
    initProducerId(): Promise<void>;
    getProducerId(): string;
    getProducerEpoch(): number;
    /** Throws while a transaction is open, also after a failed one. */
    beginTransaction(): void;
    addPartitionsToTransaction(
      topics: { topic: string; partitions: { partition: number }[] }[],
    ): Promise<void>;
    commit(): Promise<void>;
  }
  const createEosManager: (options: {
    logger: unknown;
    cluster: import('./library-types.ts').KafkaCluster;
    transactional: boolean;
    transactionalId: string;
    transactionTimeout: number;
  }) => Transactions;
  export default createEosManager;
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
  type WireRequest = import('./library-types.ts').WireRequest;

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
  type FetchAsked = import('./library-types.ts').FetchAsked;
  type FetchedPartition = import('./library-types.ts').FetchedPartition;
  type WireRequest = import('./library-types.ts').WireRequest;

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
    records: import('./library-types.ts').FetchedMessage[];
    maxTimestamp: string;
    firstTimestamp: string;
    lastOffsetDelta: number;
    producerId: string;
  }>;
  export default decode;
}
