/** A partition of the command log as a queue of arrivals, each second with its number of commands. */

export interface LaneQueue {
  readonly partition: number;
  /** Commands that ever arrived, and of these the ones with an outcome. */
  readonly end: number;
  readonly published: number;
  /** Time of arrival of the oldest command without an outcome, in seconds; null if there is none. */
  readonly oldest: number | null;
  add(second: number, commands: number): void;
  /** Takes at most this many commands, oldest first. Returns how many it took. */
  take(commands: number): number;
}

export function createLaneQueue(partition: number): LaneQueue {
  const arrivals: { second: number; commands: number }[] = [];
  let first = 0;
  let end = 0;
  let published = 0;
  return {
    partition,
    get end() {
      return end;
    },
    get published() {
      return published;
    },
    get oldest() {
      return arrivals[first]?.second ?? null;
    },
    add(second, commands) {
      if (commands === 0) return;
      arrivals.push({ second, commands });
      end += commands;
    },
    take(commands) {
      let left = Math.min(commands, end - published);
      const taken = left;
      published += taken;
      while (left > 0) {
        const oldest = arrivals[first]!;
        const part = Math.min(left, oldest.commands);
        oldest.commands -= part;
        left -= part;
        if (oldest.commands === 0) first += 1;
      }
      return taken;
    },
  };
}
