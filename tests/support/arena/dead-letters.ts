import { DEAD_LETTERS } from '../../../topics/index.ts';
import type { Arena } from './arena.ts';
import { readWholeTopic } from './reading/whole-topic.ts';

/** A record as it was sent, or as it is on the dead-letter topic. It has no headers of the worker. */
export interface DeadLetter {
  readonly what?: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | undefined>>;
}

/**
 * Source position → its record on the dead-letter topic. Throws if a record exists twice with different
 * bytes.
 */
export async function readDeadLetters(arena: Arena): Promise<Map<string, DeadLetter>> {
  const found = new Map<string, DeadLetter>();
  await readWholeTopic(arena, DEAD_LETTERS, ({ key, value, headers }) => {
    const position = `${headers['dlq_partition']}-${headers['dlq_offset']}`;
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('dlq_')));
    const before = found.get(position);
    if (before !== undefined && Buffer.compare(before.value ?? Buffer.of(), value ?? Buffer.of()) !== 0) {
      throw new Error(`dead letters of ${position} differ`);
    }
    found.set(position, { key, value, headers: own });
  });
  return found;
}
