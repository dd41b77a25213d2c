/**
 * Commands that this instance sent and that may not have had their effect yet. The memory prevents repeated commands. Its
 * loss only causes repeated ones.
 *
 * Bounds: a partition is paused while more than 5,000 records wait in it, and decided commands leave after their minute.
 */
import { type DueOrder, minuteSinceDue } from './timer-kinds.ts';

/** Where the lane of a partition is. */
export interface LanePosition {
  /** Id of the command topic. Positions of another log mean nothing. */
  readonly log: string;
  /** The lane has decided every command below. */
  readonly decided: number;
  /** The outcomes of every command below are in the log. An idle lane may stay behind. */
  readonly published: number;
}

interface Sent {
  readonly partition: number;
  readonly timerAtMs: number;
  readonly minute: number;
  /** Position in the log; null if the brokers did not confirm it. */
  readonly offset: number | null;
  readonly log: string;
}

export interface SentCommands {
  /** Whether the order needs no command now. Its last one waits for a decision, or has the id of the next one. */
  has(order: DueOrder, nowMs: number, lane: LanePosition): boolean;
  /** `offset` is null if the brokers did not confirm the command. */
  add(order: DueOrder, sent: { partition: number; nowMs: number; offset: number | null; log: string }): void;
  /** Records of this partition without an outcome, as far as this instance knows. */
  waiting(partition: number, lane: LanePosition): number;
  /** Forgets decided commands whose minute has ended, and commands of partitions that are not held. */
  prune(nowMs: number, lanes: ReadonlyMap<number, LanePosition>, held: readonly number[]): void;
}

/** A lane that nobody has claimed yet. */
export const noPosition: LanePosition = { log: '', decided: 0, published: 0 };

export function createSentCommands(): SentCommands {
  const sent = new Map<number, Sent>();
  /** The offset after the last command, by partition. */
  const ends = new Map<number, { end: number; log: string }>();
  return {
    has(order, nowMs, lane) {
      const last = sent.get(order.orderKey);
      if (last === undefined || last.timerAtMs !== order.timerAtMs) return false;
      return isWaiting(last, lane) || last.minute >= minuteSinceDue(order, nowMs);
    },
    add(order, { partition, nowMs, offset, log }) {
      const { orderKey, timerAtMs } = order;
      sent.set(orderKey, { partition, timerAtMs, minute: minuteSinceDue(order, nowMs), offset, log });
      if (offset === null) return;
      const last = ends.get(partition);
      ends.set(partition, { end: Math.max(offset + 1, last?.log === log ? last.end : 0), log });
    },
    waiting(partition, { log, decided, published }) {
      const last = ends.get(partition);
      return last === undefined || last.log !== log || decided >= last.end ? 0 : last.end - published;
    },
    prune(nowMs, lanes, held) {
      for (const [orderKey, last] of sent) {
        const isOld = last.minute < minuteSinceDue(last, nowMs);
        const isDecided = !isWaiting(last, lanes.get(last.partition) ?? noPosition);
        if ((isOld && isDecided) || !held.includes(last.partition)) sent.delete(orderKey);
      }
      for (const partition of ends.keys()) if (!held.includes(partition)) ends.delete(partition);
    },
  };
}

function isWaiting(last: Sent, { log, decided }: LanePosition): boolean {
  return last.log === log && last.offset !== null && last.offset >= decided;
}
