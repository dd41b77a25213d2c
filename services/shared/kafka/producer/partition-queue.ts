import { type AppError, appError } from '../../errors/index.ts';
import type { OutMessage } from '../types.ts';

/**
 * What a send rests on while it waits: nothing of it may go out later than `untilMs` (of `performance.now()`) without
 * `renew`, which resolves to the next such time. Its rejection ends the send.
 */
export interface SendProof {
  readonly untilMs: number;
  renew(): Promise<number>;
}

/** One call of `sendBatch`, or one message of the other calls: it is settled once, by the acknowledgement of its last record or by an error. */
export interface Send {
  /** Records that have no acknowledgement yet. */
  left: number;
  /** Offset of the first record. */
  baseOffset: bigint;
  /** Offset of the last record that was acknowledged. */
  lastOffset: bigint;
  /** Whether any record may be in the log. */
  maybeWritten: boolean;
  settled: boolean;
  deadlineAtMs: number;
  /** Absent where nothing has to be proven. */
  proof?: { untilMs: number; renew(): Promise<number>; isRenewing: boolean };
  resolve(baseOffset: bigint, lastOffset: bigint): void;
  reject(error: AppError): void;
  /** A broker refused one of its records, which is sent again: only for sends without a deadline. */
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
 * What waits for one partition, oldest first. The first `inFlight` entries are in a request; everything that is sent
 * begins with the oldest entry that has no acknowledgement, so that the first copies in the log are always in order.
 */
export interface PartitionQueue {
  readonly topic: string;
  readonly wireTopic: string;
  readonly partition: number;
  entries: Entry[];
  inFlight: number;
  bytes: number;
  /** Failed tries in a row. */
  failures: number;
  notBeforeMs: number;
  /** Below infinity after the broker refused a batch for its content: the culprit is found by halves. */
  recordsLimit: number;
  /** A batch is waiting: it needs no company, only the end of the request before it. */
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

/** Puts a message at the end. */
export function enqueue(queue: PartitionQueue, entry: Entry): void {
  queue.entries.push(entry);
  queue.bytes += entry.bytes;
}

/** How many entries from the oldest on fit; one always does when the request is empty, as only the broker knows its limits. */
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

/** The entries in flight are in the log from `baseOffset` on. */
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

/** The entries in flight come back as the oldest; they are sent again before anything newer. */
export function settleFailed(queue: PartitionQueue, maybeWritten: boolean, notBeforeMs: number): void {
  if (maybeWritten) for (let i = 0; i < queue.inFlight; i++) queue.entries[i]!.send.maybeWritten = true;
  queue.inFlight = 0;
  queue.failures++;
  queue.notBeforeMs = notBeforeMs;
  dropSettled(queue);
}

/** What a refusal for content came to: half of the records are tried next, or it is about this one. */
export type Refusal =
  | { kind: 'halved' }
  | { kind: 'givenUp'; error: AppError }
  | { kind: 'kept'; entry: Entry };

/**
 * The broker refused what was in flight for its content: try the first half, or find the one record that it is about.
 * A send with a deadline is given up for it; one without keeps its place, to be sent again.
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
 * Whether the oldest message has to be proven first: its process may have been paused since it was queued. Begins the
 * proof; `onEnd` is called when it is there, or the send has ended because it is not.
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

/** Rejects every send of the queue that `which` picks; entries in flight stay until their answer is there. */
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

/** Nothing of a send that was given up may be written later, save what is in flight. */
function dropSettled(queue: PartitionQueue): void {
  const { inFlight } = queue;
  queue.entries = queue.entries.filter((entry, i) => i < inFlight || !entry.send.settled);
  queue.bytes = 0;
  for (const entry of queue.entries) queue.bytes += entry.bytes;
}

function drop(queue: PartitionQueue, count: number): void {
  for (const entry of queue.entries.splice(0, count)) queue.bytes -= entry.bytes;
}
