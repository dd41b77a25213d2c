import type { OrderEvent } from '../../../../schemas/generated/types.ts';
import { EVENTS } from '../../../../topics/index.ts';
import type { Arena } from '../arena.ts';
import { readWholeTopic } from './whole-topic.ts';

/** Source position → the first copy of its outcome, in the order of the outcome topic within each partition. */
export async function readOutcomes(arena: Arena): Promise<Map<string, OrderEvent>> {
  const outcomes = new Map<string, OrderEvent>();
  await readWholeTopic(arena, EVENTS, ({ value }) => {
    const event = arena.codecs.events.decode(value);
    if (!outcomes.has(event.eventId)) outcomes.set(event.eventId, event);
  });
  return outcomes;
}
