import { setTimeout as sleep } from 'node:timers/promises';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import type { Leaders, ProduceOutcome } from '../producer/leaders.ts';
import type { ProduceRequestPartition, ProduceResponsePartition } from '../protocol/produce-protocol.ts';

/** The fault of one request. After the list is used up, every request succeeds. */
export type Fault =
  | 'notLeader'
  | 'notLeaderButWritten'
  | 'missingInAnswer'
  | 'lostAnswer'
  | 'notHanded'
  | 'lostRequest'
  | 'notEnoughReplicas'
  | 'leaderMoves';

/** Leaders in memory, for tests of the accumulator. They have readable logs and planned faults. */
export interface FakeLeaders extends Leaders {
  firstCopies(partition: number): string[];
  valueAt(partition: number, offset: bigint): string | undefined;
  failPartition(partition: number, errorCode: number): void;
  healPartition(partition: number): void;
  setLeader(partition: number, node: number | null): void;
  /** Responses wait until the returned function is called. */
  holdAnswers(): () => void;
  requests(): { records: number; largestPartitionBytes: number }[];
  mostInFlight(): number;
  mostInFlightPerNode(): number;
  mostInFlightPerPartition(): number;
}

interface Options {
  nodes: number;
  partitions: number;
  faults?: readonly Fault[];
  refuseValue?: string;
  batchBytesMax?: number;
}

interface State {
  options: Options;
  faults: Fault[];
  logs: string[][];
  /** The real leaders. `known` has the leaders that the client last looked up. */
  leaders: (number | null)[];
  known: (number | null)[];
  failing: Map<number, number>;
  requests: { records: number; largestPartitionBytes: number }[];
  inFlight: { node: number; partitions: number[] }[];
  most: { all: number; node: number; partition: number };
  held: Promise<void> | null;
}

const notLeader = 6;
const notEnoughReplicas = 19;
const messageTooLarge = 10;
const invalidRecord = 87;

export function createFakeLeaders(options: Options): FakeLeaders {
  const indices = Array.from({ length: options.partitions }, (_, partition) => partition);
  const state: State = {
    options,
    faults: [...(options.faults ?? [])],
    logs: indices.map(() => []),
    leaders: indices.map((partition) => partition % options.nodes),
    known: indices.map(() => null),
    failing: new Map(),
    requests: [],
    inFlight: [],
    most: { all: 0, node: 0, partition: 0 },
    held: null,
  };
  return {
    leaderOf: (_topic, partition) => state.known[partition] ?? null,
    async refresh() {
      await sleep(1);
      state.known = [...state.leaders];
    },
    produce: (node, batches) => produce(state, node, batches),
    close: () => undefined,
    firstCopies: (partition) => [...new Set(state.logs[partition])],
    valueAt: (partition, offset) => state.logs[partition]?.[Number(offset)],
    failPartition: (partition, errorCode) => void state.failing.set(partition, errorCode),
    healPartition: (partition) => void state.failing.delete(partition),
    setLeader(partition, node) {
      state.leaders[partition] = node;
    },
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>();
      state.held = promise;
      return () => {
        state.held = null;
        resolve();
      };
    },
    requests: () => state.requests,
    mostInFlight: () => state.most.all,
    mostInFlightPerNode: () => state.most.node,
    mostInFlightPerPartition: () => state.most.partition,
  };
}

async function produce(
  state: State,
  node: number,
  batches: readonly ProduceRequestPartition[],
): Promise<ProduceOutcome> {
  const fault = state.faults.shift();
  const ticket = { node, partitions: batches.map(({ partition }) => partition) };
  state.inFlight.push(ticket);
  countInFlight(state);
  const decoded = await Promise.all(batches.map(async (batch) => ({ batch, values: await valuesOf(batch) })));
  state.requests.push({
    records: decoded.reduce((sum, { values }) => sum + values.length, 0),
    largestPartitionBytes: Math.max(...batches.map(({ records }) => records.length)),
  });
  await sleep(1);
  if (fault === 'leaderMoves')
    state.leaders = state.leaders.map((leader) => ((leader ?? 0) + 1) % state.options.nodes);
  const answers: ProduceResponsePartition[] = [];
  for (const { batch, values } of decoded) answers.push(write(state, node, batch, values, fault));
  if (state.held !== null) await state.held;
  state.inFlight.splice(state.inFlight.indexOf(ticket), 1);
  if (fault === 'notHanded') return { kind: 'failed', handed: false, error: new Error('refused') };
  if (fault === 'lostAnswer' || fault === 'lostRequest') {
    return { kind: 'failed', handed: true, error: new Error('timed out') };
  }
  return { kind: 'answered', partitions: fault === 'missingInAnswer' ? answers.slice(1) : answers };
}

function write(
  state: State,
  node: number,
  { topic, partition, records }: ProduceRequestPartition,
  values: readonly string[],
  fault: Fault | undefined,
): ProduceResponsePartition {
  const { refuseValue, batchBytesMax = Number.POSITIVE_INFINITY } = state.options;
  const answer = (errorCode: number, baseOffset = -1n) => ({ topic, partition, errorCode, baseOffset });
  const log = state.logs[partition]!;
  if (fault === 'notHanded' || fault === 'lostRequest') return answer(0);
  if (state.leaders[partition] !== node || fault === 'notLeader') return answer(notLeader);
  const failing = state.failing.get(partition);
  if (failing !== undefined) return answer(failing);
  if (fault === 'notEnoughReplicas') return answer(notEnoughReplicas);
  if (records.length > batchBytesMax) return answer(messageTooLarge);
  if (refuseValue !== undefined && values.includes(refuseValue)) return answer(invalidRecord);
  const baseOffset = BigInt(log.length);
  log.push(...values);
  return fault === 'notLeaderButWritten' ? answer(notLeader) : answer(0, baseOffset);
}

function countInFlight(state: State): void {
  const perNode = Map.groupBy(state.inFlight, ({ node }) => node);
  const perPartition = Map.groupBy(
    state.inFlight.flatMap(({ partitions }) => partitions),
    (partition) => partition,
  );
  const largest = (groups: Map<number, unknown[]>) =>
    Math.max(...[...groups.values()].map((group) => group.length));
  state.most.all = Math.max(state.most.all, state.inFlight.length);
  state.most.node = Math.max(state.most.node, largest(perNode));
  state.most.partition = Math.max(state.most.partition, largest(perPartition));
}

async function valuesOf({ records }: ProduceRequestPartition): Promise<string[]> {
  const decoded = await decodeBatch(new Decoder(records));
  return decoded.records.map(({ value }) => String(value));
}
