/**
 * The ids of the logs to which the offsets of a marker belong. A recreated topic starts from 0 again. Then the same
 * offset means another record.
 */
import { COMMANDS, EVENTS, STATE } from '../../topics/index.ts';
import { createTopicWatch, fetchTopicIds, type KafkaSettings } from '../shared/kafka/index.ts';

export interface LogIds {
  commands: string;
  outcomes: string;
  states: string;
}

/** Time between two checks of the ids. */
const lookEveryMs = 1_000;
const watched = { commands: COMMANDS, outcomes: EVENTS, states: STATE } as const;
const form = /^([\w-]{22}) ([\w-]{22}) ([\w-]{22})$/;

/** Reads the current ids. Rejects with KAFKA_UNAVAILABLE, also if one of the topics does not exist. */
export async function fetchLogIds(settings: KafkaSettings): Promise<LogIds> {
  const ids = await fetchTopicIds(settings, Object.values(watched));
  return { commands: ids.get(COMMANDS)!, outcomes: ids.get(EVENTS)!, states: ids.get(STATE)! };
}

/** The value of the header `os-topic-ids` of a marker. */
export function writeLogIds({ commands, outcomes, states }: LogIds): string {
  return `${commands} ${outcomes} ${states}`;
}

/** Reads the header `os-topic-ids`. Null for the marker of an older version. */
export function readLogIds(text: string): LogIds | null {
  const [, commands, outcomes, states] = form.exec(text) ?? [];
  if (commands === undefined || outcomes === undefined || states === undefined) return null;
  return { commands, outcomes, states };
}

/**
 * Calls `onChange` with the name of each topic whose id changed since the last check. Checks until `close` is called.
 */
export function watchLogs(settings: KafkaSettings, onChange: (topic: string) => void): { close(): void } {
  const watches = Object.values(watched).map((topic) => ({
    topic,
    watch: createTopicWatch(settings, topic),
    last: null as string | null,
  }));
  let isLooking = false;
  const look = async (): Promise<void> => {
    for (const each of watches) {
      // If a broker is down or the topic is missing, a later check finds the new id.
      const state = await each.watch.look().catch(() => null);
      if (state === null) continue;
      const before = each.last;
      each.last = state.topicId;
      if (before !== null && before !== state.topicId) onChange(each.topic);
    }
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, lookEveryMs);
  return {
    close() {
      clearInterval(timer);
      for (const { watch } of watches) watch.close();
    },
  };
}
