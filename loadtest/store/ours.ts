/**
 * Runs the writers of the product, with commands from memory. Encoded commands enter the lanes as after a fetch. The
 * writers decode, decide and write them, and encode the outcomes. The producer acknowledges at once.
 */
import type { OrderCommand } from '../../schemas/generated/types.ts';
import { bundledCodecs, type Codec } from '../../services/shared/codec/index.ts';
import type { Accumulator } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { createMetrics } from '../../services/shared/metrics/index.ts';
import { createMysql, type Mysql } from '../../services/shared/mysql/index.ts';
import { createKeyWrapper } from '../../services/shared/personal-data/index.ts';
import { Loop } from '../../services/worker/batching/loop.ts';
import { createWriters } from '../../services/worker/batching/writer.ts';
import { defaultBatchLimits } from '../../services/worker/lanes/batch.ts';
import { Lane } from '../../services/worker/lanes/lane.ts';
import type { CommittedBatch } from '../../services/worker/pipeline.ts';
import { createPublisher } from '../../services/worker/publishing/publisher.ts';
import { Quarantine } from '../../services/worker/stages/quarantine.ts';
import { claimLane } from '../../services/worker/store/positions.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { createRecordSource, type RecordSource } from './record-source.ts';
import type { Claimed, Subject, SubjectDeps } from './subject.ts';

/** Number of records in one fetch of one partition. */
const fetchRecords = 500;
const paymentWindowMs = 30 * 60_000;
const returnWindowMs = 30 * 24 * 3_600_000;

export interface OursOptions {
  /** Changes the database sessions of the writers. */
  wrap?(mysql: Mysql): Mysql;
  /** The commands; by default the PLACE commands of the stream. */
  sourceOf?(codec: Codec<OrderCommand>): RecordSource;
}

export function createOurs(deps: SubjectDeps, options: OursOptions = {}): Subject {
  const { url, stream, meter, connections, from } = deps;
  const {
    wrap = (mysql) => mysql,
    sourceOf = (codec: Codec<OrderCommand>) => createRecordSource(stream, codec, COMMANDS),
  } = options;
  const log = createLogger({ service: 'bench', level: 'warn', instanceId: 'bench' });
  const metrics = createMetrics({ service: 'bench' });
  const codecs = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const source = sourceOf(codecs.commands);
  const mysql = createMysql({ url, log, poolSize: 2 });
  const feeders: Feeder[] = [];
  let loop: Loop;

  const onCommitted = ({ records, ms }: CommittedBatch) => meter.transaction(ms, records);

  return {
    async start() {
      const accumulator = instantAccumulator();
      const writers = createWriters(connections, {
        topic: COMMANDS,
        quarantine: new Quarantine(),
        keyWrapper: createKeyWrapper([]),
        paymentWindowMs,
        returnWindowMs,
        mysql: wrap(mysql),
        codecs,
        publisher: createPublisher({ accumulator, metrics, log }),
        statusCache: { entriesOf: () => [] },
        metrics,
        log,
        // No other worker claims lanes here, so the writer would retry the same batch without end.
        onFenceLost: (lane) => lane.stop('the fence was lost'),
        onCommitted,
      });
      loop = new Loop(writers, defaultBatchLimits);
      const session = await mysql.connect();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const feeder = createFeeder(partition, from[partition]!, source, () => loop.wake());
        const { epoch } = await claimLane(session, COMMANDS, partition, { name: 'bench', epoch: -1 });
        loop.add(feeder.lane);
        const nextOffset = from[partition]!;
        feeder.lane.claimed({ epoch, nextOffset, publishedOffset: nextOffset }, null);
        feeder.feed();
        feeders.push(feeder);
      }
      await session.close();
    },
    async stop(): Promise<Claimed> {
      for (const feeder of feeders) feeder.end();
      await loop.stop();
      await Promise.all(feeders.map(({ lane }) => lane.published));
      await mysql.close();
      const stopped = feeders.find(({ lane }) => lane.state !== 'running');
      if (stopped !== undefined) {
        const { partition, stopReason } = stopped.lane;
        throw new Error(`lane ${partition} did not keep running: ${stopReason?.why}`);
      }
      const to = feeders.map(({ lane }) => lane.position.nextOffset);
      const outcomes = feeders.reduce(
        (sum, { lane }) => sum + lane.position.ackedOffset - from[lane.partition]!,
        0,
      );
      return { to, outcomes };
    },
  };
}

interface Feeder {
  readonly lane: Lane;
  feed(): void;
  end(): void;
}

/** Keeps the buffer of a lane filled. It adds records until the buffer is full, and again when the buffer has room. */
function createFeeder(partition: number, from: number, source: RecordSource, wake: () => void): Feeder {
  const log = createLogger({ service: 'bench', level: 'warn', instanceId: 'bench' });
  let next = from;
  let full = false;
  let ended = false;
  const feed = () => {
    while (!full && !ended) {
      const records = Array.from({ length: fetchRecords }, () => source.record(partition, next++));
      lane.fetched(records);
    }
  };
  const lane = new Lane({
    partition,
    log,
    events: {
      onFull: () => {
        full = true;
      },
      onRoom: () => {
        full = false;
        setImmediate(feed);
      },
      onWork: wake,
      onGap: (expected, offset) => {
        throw new Error(`the bench added offset ${offset} instead of ${expected}`);
      },
    },
  });
  return {
    lane,
    feed,
    end: () => {
      ended = true;
    },
  };
}

/** A producer that acknowledges every record in the next turn of the event loop. */
function instantAccumulator(): Accumulator {
  let offset = 0n;
  const acknowledge = async (count: number): Promise<bigint> => {
    await new Promise((resolve) => setImmediate(resolve));
    const base = offset;
    offset += BigInt(count);
    return base;
  };
  return {
    sendEach(messages, onEnd) {
      void acknowledge(messages.length).then((base) =>
        messages.forEach((_, index) => {
          onEnd(index, base + BigInt(index));
        }),
      );
    },
    send: async ({ partition }) => ({ partition, offset: await acknowledge(1) }),
    sendBatch: (messages) => acknowledge(messages.length),
    oldestAgeMs: () => 0,
    queuedRecords: () => 0,
    queuedBytes: () => 0,
    isConnected: () => true,
    flush: async () => undefined,
    close: async () => undefined,
  };
}
