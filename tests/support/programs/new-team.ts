/**
 * A team that starts late, written from docs/topics alone. It reads the snapshot of `orders.state.v1`,
 * continues with `orders.events.v1`, and reports every violation of the rules there.
 */
import { type LogReader, openLogReader } from '../../../cli/kafka/log-reader.ts';
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import type { Codec } from '../../../services/shared/codec/index.ts';
import type { KafkaConfig } from '../../../services/shared/kafka/index.ts';

const STATE = 'orders.state.v1';
const EVENTS = 'orders.events.v1';

export interface Known {
  version: number;
  status: string | null;
  total: number | null;
}

export interface NewTeam {
  orders: Map<string, Known>;
  /** Number of orders in the snapshot, before any outcome was read. */
  fromSnapshot: number;
  /** Number of outcomes that were new to the team. */
  taken: number;
  /** Number of copies of outcomes that were dropped by their source offset. */
  repeats: number;
  complaints: string[];
  /** The integer of each partition. */
  covers: number[];
  /** Reads outcomes up to the current end. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

interface Codecs {
  states: Pick<Codec<OrderState>, 'decode'>;
  events: Pick<Codec<OrderEvent>, 'decode'>;
}

/** Reads the snapshot of every partition; `catchUp` follows. */
export async function startNewTeam(config: KafkaConfig, codecs: Codecs): Promise<NewTeam> {
  const reader = await openLogReader(config);
  const next: number[] = [];
  const team: NewTeam = {
    orders: new Map(),
    fromSnapshot: 0,
    taken: 0,
    repeats: 0,
    complaints: [],
    covers: [],
    async catchUp() {
      const ends = await reader.ranges(EVENTS);
      await Promise.all(
        ends.map(async ({ high }, partition) => {
          for await (const records of reader.read(EVENTS, partition, next[partition] ?? 0, high)) {
            for (const { value } of records) take(team, partition, codecs.events.decode(value));
          }
          next[partition] = Math.max(next[partition] ?? 0, high);
        }),
      );
    },
    close: () => reader.close(),
  };
  const ends = await reader.ranges(STATE);
  await Promise.all(
    ends.map(async ({ low, high }, partition) => {
      const marker = await readSnapshot(reader, team, codecs, { partition, low, high });
      team.covers[partition] = marker?.sourceOffset ?? -1;
      next[partition] = marker?.eventsOffset ?? 0;
      if ((marker?.coversFrom ?? -1) !== -1) team.complaints.push(`partition ${partition} has a hole`);
    }),
  );
  team.fromSnapshot = team.orders.size;
  return team;
}

async function readSnapshot(
  reader: LogReader,
  team: NewTeam,
  codecs: Codecs,
  { partition, low, high }: { partition: number; low: number; high: number },
): Promise<OrderState | null> {
  let marker: OrderState | null = null;
  for await (const records of reader.read(STATE, partition, low, high)) {
    for (const { value } of records) {
      const state = codecs.states.decode(value);
      if (state.orderId === null) {
        if (state.sourceOffset < (marker?.sourceOffset ?? -1)) {
          team.complaints.push(`the marker of partition ${partition} went back`);
        }
        marker = state;
      } else {
        const { version, status, terms } = state;
        const before = team.orders.get(state.orderId)?.version ?? 0;
        if (version < before) team.complaints.push(`the state of ${state.orderId} went back`);
        team.orders.set(state.orderId, { version, status, total: terms?.total ?? null });
      }
    }
  }
  return marker;
}

function take(team: NewTeam, partition: number, event: OrderEvent): void {
  const { sourceOffset, prevSourceOffset, orderId, outcome, version, status } = event;
  const covers = team.covers[partition] ?? -1;
  if (sourceOffset <= covers) {
    team.repeats += 1;
    return;
  }
  if (prevSourceOffset !== covers) {
    team.complaints.push(`partition ${partition}: ${prevSourceOffset} expected before ${sourceOffset}`);
  }
  team.covers[partition] = sourceOffset;
  team.taken += 1;
  if (orderId === null || !['ACCEPTED', 'REJECTED', 'APPLIED'].includes(outcome)) return;
  const known = team.orders.get(orderId);
  if (version <= (known?.version ?? 0)) return;
  if (version !== (known?.version ?? 0) + 1) {
    team.complaints.push(`${orderId} goes from version ${known?.version} to ${version}`);
  }
  team.orders.set(orderId, { version, status, total: event.order?.total ?? known?.total ?? null });
}
