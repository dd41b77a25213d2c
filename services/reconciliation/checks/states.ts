/**
 * (j) Compares the snapshot of orders with their newest outcomes. Each outcome that a position marker covers must
 * have its state. No marker may be ahead of decided and published outcomes. Check (b) compares outcomes with rows.
 */
import { COMMANDS, EVENTS } from '../../../topics/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { readLanes } from '../following/worker-positions.ts';
import type { ExpectedOrder, Memory } from '../matching/recent-outcomes.ts';
import type { Marker, StateBook } from '../matching/snapshot-index.ts';
import type { Check, OpenFinding } from './check.ts';
import { expectedIn } from './expected.ts';

export interface StatesDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  memory: Pick<Memory, 'order' | 'orders'>;
  states: StateBook;
}

export function statesCheck({ mysql, admin, memory, states }: StatesDeps): Check {
  return {
    name: 'states',
    kinds: ['STATE_MISSING', 'STATE_DIFFERS', 'STATE_AHEAD', 'STATE_BACK', 'STATE_UNREADABLE'],
    async run(open, tally) {
      // Read the markers first, because the outcomes that they cover were decided and published before.
      const markers = new Map(states.markers());
      const lanes = await readLanes(mysql);
      const ends = await admin.endOffsets(EVENTS);
      const stored = states.lasting.addTo(tally);
      for (const [partition, marker] of markers) {
        const limits = {
          decided: lanes.get(partition)?.nextOffset ?? 0,
          published: Number(ends.get(partition)?.high ?? 0n),
        };
        for (const difference of ahead(partition, marker, limits)) tally.add(difference);
      }
      for (const expected of subjectsOf(open, memory).values()) {
        const difference = states.compare(expected);
        if (difference !== null) tally.add(difference);
      }
      return {
        unsure: ({ kind, subject }) => isOfOrder(kind) && !states.knows(subject),
        whenKept: stored,
      };
    },
  };
}

function ahead(
  partition: number,
  { covers, eventsOffset }: Marker,
  limits: { decided: number; published: number },
): Difference[] {
  const sides: [string, number, number][] = [
    [`covers ${COMMANDS} up to`, covers + 1, limits.decided],
    [`goes on in ${EVENTS} at`, eventsOffset, limits.published],
  ];
  const wrong = sides.find(([, value, most]) => value > most);
  if (wrong === undefined) return [];
  const [what, value, most] = wrong;
  return [
    {
      kind: 'STATE_AHEAD',
      subject: String(partition),
      expected: `at most ${most}`,
      actual: `the marker ${what} ${value}`,
    },
  ];
}

/** Remembered orders, and the orders of findings whose outcomes are no longer in memory. */
function subjectsOf(
  open: readonly OpenFinding[],
  memory: StatesDeps['memory'],
): ReadonlyMap<string, ExpectedOrder> {
  const subjects = new Map<string, ExpectedOrder>();
  for (const { kind, subject, expected } of open) {
    if (!isOfOrder(kind)) continue;
    const order = expectedIn(subject, expected);
    if (order !== null) subjects.set(subject, order);
  }
  for (const order of memory.orders()) subjects.set(order.orderId, order);
  return subjects;
}

function isOfOrder(kind: OpenFinding['kind']): boolean {
  return kind === 'STATE_MISSING' || kind === 'STATE_DIFFERS';
}
