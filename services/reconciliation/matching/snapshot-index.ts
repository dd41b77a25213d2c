/**
 * The snapshot of orders in bounded memory: the position marker of each partition and the newest states. A state
 * proves nothing about an outcome that its marker does not cover yet. Earlier states may have existed. So a missing
 * state proves a fault only for outcomes after the first marker that was read.
 */
import type { OrderState } from '../../../schemas/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { createLasting, type Lasting } from '../findings/lasting.ts';
import { createNewestMap } from './newest-map.ts';
import { type ExpectedOrder, isSameMoney, isSameUnits, sharedIfNone } from './recent-outcomes.ts';

export interface Marker {
  /** Source offset of the last covered outcome. */
  covers: number;
  /** The next offset of the outcome partition to read. */
  eventsOffset: number;
}

export interface StateBook {
  /** Notes one record of the snapshot, in log order. `state` is null if the record cannot be decoded. */
  note(partition: number, offset: bigint, state: OrderState | null): void;
  markers(): ReadonlyMap<number, Marker>;
  /** Null if the snapshot agrees with the newest outcome of an order, or if its state is unknown. */
  compare(expected: ExpectedOrder): Difference | null;
  /** Whether the state of the order is in memory, so that `compare` can use it. */
  knows(orderId: string): boolean;
  /** Differences that stay in the log. They are found only once. */
  lasting: Lasting;
}

type KnownState = Omit<ExpectedOrder, 'orderId'>;

const beforeTheFirst = -1;

/** @param fromTheStart partitions that are read from the start of the topic, so that every state of them is seen */
export function createStateBook(limits: { statesMax: number; fromTheStart: ReadonlySet<number> }): StateBook {
  const states = createNewestMap<string, KnownState>(limits.statesMax);
  const markers = new Map<number, Marker>();
  /** The source offset up to which a state may have been missed, by partition. */
  const unproven = new Map<number, number>();
  const lasting = createLasting();

  const forgetUpTo = (partition: number, sourceOffset: number): void => {
    unproven.set(partition, Math.max(unproven.get(partition) ?? beforeTheFirst, sourceOffset));
  };
  const noteMarker = (partition: number, state: OrderState): void => {
    const before = markers.get(partition);
    if (before !== undefined && state.sourceOffset < before.covers)
      lasting.add(wentBack(partition, before, state));
    if (before === undefined && !limits.fromTheStart.has(partition))
      forgetUpTo(partition, state.sourceOffset);
    forgetUpTo(partition, state.coversFrom ?? beforeTheFirst);
    markers.set(partition, { covers: state.sourceOffset, eventsOffset: state.eventsOffset ?? 0 });
  };
  const noteState = (orderId: string, state: KnownState): void => {
    const forgotten = states.set(orderId, state);
    if (forgotten !== undefined) forgetUpTo(forgotten.partition, forgotten.sourceOffset);
  };

  return {
    note(partition, offset, state) {
      if (state === null) lasting.add(unreadable(partition, offset));
      else if (state.orderId === null) noteMarker(partition, state);
      else noteState(state.orderId, knownOf(partition, state));
    },
    markers: () => markers,
    knows: (orderId) => states.has(orderId),
    compare(expected) {
      const { orderId, partition, sourceOffset } = expected;
      const covers = markers.get(partition)?.covers ?? beforeTheFirst;
      if (covers < sourceOffset) return null;
      const state = states.get(orderId);
      if (state !== undefined) return compareState(expected, state);
      if (sourceOffset <= (unproven.get(partition) ?? beforeTheFirst)) return null;
      return {
        kind: 'STATE_MISSING',
        subject: orderId,
        expected: textOf(expected),
        actual: `no state; the partition is covered up to ${covers}`,
      };
    },
    lasting,
  };
}

/**
 * If a state is ahead of the followed outcomes, its outcome must still arrive. If the state stays ahead, it has no
 * outcome.
 */
function compareState(expected: ExpectedOrder, state: KnownState): Difference | null {
  const agrees =
    state.version === expected.version &&
    state.status === expected.status &&
    state.customerId === expected.customerId &&
    (state.total === expected.total || expected.total === null || state.total === null) &&
    isSameMoney(expected.money, state.money) &&
    isSameUnits(expected.units, state.units);
  if (agrees) return null;
  const difference: Difference = {
    kind: 'STATE_DIFFERS',
    subject: expected.orderId,
    expected: textOf(expected),
    actual: textOf(state),
  };
  if (state.sourceOffset <= expected.sourceOffset) return difference;
  return { ...difference, until: { partition: expected.partition, offset: state.sourceOffset + 1 } };
}

function knownOf(partition: number, state: OrderState): KnownState {
  const { version, status, customerId, sourceOffset, terms } = state;
  const money = sharedIfNone(state.money);
  const units = version > 1 ? state.units : null;
  return { version, status, customerId, total: terms?.total ?? null, money, units, partition, sourceOffset };
}

function textOf(state: Omit<KnownState, 'partition'>): string {
  const { version, status, customerId, total, money, units, sourceOffset } = state;
  return JSON.stringify({ version, status, total, customerId, money, units, sourceOffset });
}

function wentBack(partition: number, before: Marker, { sourceOffset }: OrderState): Difference {
  return {
    kind: 'STATE_BACK',
    subject: String(partition),
    expected: `covers at least ${before.covers}`,
    actual: `covers ${sourceOffset}`,
  };
}

function unreadable(partition: number, offset: bigint): Difference {
  return {
    kind: 'STATE_UNREADABLE',
    subject: `${partition}-${offset}`,
    expected: 'the state of an order or a position marker',
    actual: 'bytes that cannot be decoded',
  };
}
