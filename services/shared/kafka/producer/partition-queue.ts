import { type AppError, appError } from '../../errors/index.ts';
import type { OutMessage } from '../types.ts';

/**
 * A proof that a waiting send needs. It is valid until `untilMs` (of `performance.now()`). `renew` resolves to
 * the next such time. If it rejects, the send fails.
 */
export interface SendProof {
  readonly untilMs: number;
  renew(): Promise<number>;
}

/**
 * One call of `sendBatch`, or one message of the other calls. A send settles once: when its last record is
 * acknowledged, or with an error.
 */
export interface Send {
  /** Number of records that have no acknowledgement yet. */
  left: number;
  /** Offset of the first record. */
  baseOffset: bigint;
  /** Offset of the last record that was acknowledged. */
  lastOffset: bigint;
  /** Whether any record may be in the log. */
  maybeWritten: boolean;
  settled: boolean;
  deadlineAtMs: number;
  /** Absent if no proof is needed. */
  proof?: { untilMs: number; renew(): Promise<number>; isRenewing: boolean };
  resolve(baseOffset: bigint, lastOffset: bigint): void;
  reject(error: AppError): void;
  /**
   * Called when a broker refused a record of this send. The record is sent again. Only sends without a deadline
   * have it.
   */
  onRefused?: ((reason: string) => void) | undefined;
}

export interface Entry {
  message: OutMessage;
  bytes: number;
  queuedAtMs: number;
  first: boolean;
  send: Send;
}

/**
 * Messages that wait for one partition, oldest first. The first `inFlight` entries are in a request. Each
 * request starts with the oldest unacknowledged entry, so the first copies in the log are always in order.
 */
export interface PartitionQueue {
  readonly topic: string;
  readonly wireTopic: string;
  readonly partition: number;
  entries: Entry[];
  inFlight: number;
  bytes: number;
  /** Failed attempts in a row. */
  failures: number;
  notBeforeMs: number;
  /**
   * A limit for the next request after the broker refused a batch for its content. Bisection finds the refused
   * record.
   */
  recordsLimit: number;
  /** Whether a batch is waiting, which skips the linger and waits only for the running request. */
  urgent: boolean;
}

export function createPartitionQueue(topic: string, wireTopic: string, partition: number): PartitionQueue {
  return {
    topic,
    wireTopic,
    partition,
    entries: [],
    inFlight: 0,
    bytes: 0,
    failures: 0,
    notBeforeMs: 0,
    recordsLimit: Number.POSITIVE_INFINITY,
    urgent: false,
  };
}

/** Adds a message at the end. */
export function enqueue(queue: PartitionQueue, entry: Entry): void {
  queue.entries.push(entry);
  queue.bytes += entry.bytes;
}

/**
 * Counts the oldest entries that fit. An empty request always gets one entry, because only the broker knows its
 * limits.
 */
export function countFitting(
  queue: PartitionQueue,
  bounds: { records: number; partitionBytes: number; requestBytes: number; requestIsEmpty: boolean },
): { records: number; bytes: number } {
  const recordsMax = Math.min(bounds.records, queue.recordsLimit, queue.entries.length);
  const bytesMax = Math.min(bounds.partitionBytes, bounds.requestBytes);
  let records = 0;
  let bytes = 0;
  while (records < recordsMax) {
    const size = queue.entries[records]!.bytes;
    const mustTake = records === 0 && (bounds.requestIsEmpty || size <= bounds.requestBytes);
    if (bytes + size > bytesMax && !mustTake) break;
    bytes += size;
    records++;
  }
  return { records, bytes };
}

/** Settles the entries in flight, which are in the log from `baseOffset` on. */
export function settleWritten(queue: PartitionQueue, baseOffset: bigint): void {
  const written = queue.inFlight;
  for (let i = 0; i < written; i++) {
    const { send, first } = queue.entries[i]!;
    send.maybeWritten = true;
    if (first) send.baseOffset = baseOffset + BigInt(i);
    send.lastOffset = baseOffset + BigInt(i);
    send.left--;
    if (send.left === 0 && !send.settled) {
      send.settled = true;
      send.resolve(send.baseOffset, send.lastOffset);
    }
  }
  drop(queue, written);
  queue.inFlight = 0;
  queue.failures = 0;
  queue.recordsLimit *= 2;
}

/** Keeps the entries in flight at the front of the queue. They are sent again before newer entries. */
export function settleFailed(queue: PartitionQueue, maybeWritten: boolean, notBeforeMs: number): void {
  if (maybeWritten) for (let i = 0; i < queue.inFlight; i++) queue.entries[i]!.send.maybeWritten = true;
  queue.inFlight = 0;
  queue.failures++;
  queue.notBeforeMs = notBeforeMs;
  dropSettled(queue);
}

/** The result of a refusal for content. Half of the records are tried next, or the refused record is found. */
export type Refusal =
  | { kind: 'halved' }
  | { kind: 'givenUp'; error: AppError }
  | { kind: 'kept'; entry: Entry };

/**
 * Handles a refused request in flight: plans the first half, or finds the refused record. A send with a
 * deadline fails. A send without one keeps its position and is sent again.
 */
export function settleRefused(queue: PartitionQueue, reason: string): Refusal {
  const refused = queue.inFlight;
  const culprit = queue.entries[0];
  queue.inFlight = 0;
  dropSettled(queue);
  if (refused > 1 || culprit === undefined || culprit.send.settled) {
    queue.recordsLimit = Math.max(1, Math.floor(refused / 2));
    return { kind: 'halved' };
  }
  if (culprit.send.deadlineAtMs === Number.POSITIVE_INFINITY) return { kind: 'kept', entry: culprit };
  const { topic, partition } = queue;
  const error = appError('RECORD_REFUSED', { topic, partition, bytes: culprit.bytes, reason });
  rejectSend(culprit.send, error);
  dropSettled(queue);
  return { kind: 'givenUp', error };
}

/**
 * Whether the oldest message needs a renewed proof first, because the process may have been paused. Starts the
 * renewal. Calls `onEnd` when the proof is renewed, or when the send has failed.
 */
export function waitsForProof(queue: PartitionQueue, nowMs: number, onEnd: () => void): boolean {
  const send = queue.entries[0]?.send;
  const proof = send?.proof;
  if (send === undefined || proof === undefined || nowMs <= proof.untilMs) return false;
  if (proof.isRenewing) return true;
  proof.isRenewing = true;
  proof.renew().then(
    (untilMs) => {
      proof.untilMs = untilMs;
      proof.isRenewing = false;
      onEnd();
    },
    (error: AppError) => {
      if (!send.settled) rejectSend(send, error);
      dropSettled(queue);
      onEnd();
    },
  );
  return true;
}

/** Rejects every send that `which` selects. Entries in flight stay until their response arrives. */
export function giveUp(queue: PartitionQueue, which: (send: Send) => boolean, reason: string): number {
  let given = 0;
  for (let i = 0; i < queue.entries.length; i++) {
    const { send } = queue.entries[i]!;
    if (send.settled || !which(send)) continue;
    const unsure = send.maybeWritten || i < queue.inFlight;
    const details = { topic: queue.topic, partition: queue.partition, reason };
    rejectSend(send, appError(unsure ? 'OUTCOME_UNKNOWN' : 'NOT_PRODUCED', details));
    given++;
  }
  if (given > 0) dropSettled(queue);
  return given;
}

function rejectSend(send: Send, error: AppError): void {
  send.settled = true;
  send.reject(error);
}

/** Removes the entries of settled sends, so that they are not written later. Entries in flight stay. */
function dropSettled(queue: PartitionQueue): void {
  const { inFlight } = queue;
  queue.entries = queue.entries.filter((entry, i) => i < inFlight || !entry.send.settled);
  queue.bytes = 0;
  for (const entry of queue.entries) queue.bytes += entry.bytes;
}

function drop(queue: PartitionQueue, count: number): void {
  for (const entry of queue.entries.splice(0, count)) queue.bytes -= entry.bytes;
}
