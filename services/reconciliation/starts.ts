/** Where following begins: the group's offsets, or the beginning of the log. */
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, PARTITIONS, STATE } from '../../topics/index.ts';
import type { KafkaAdmin, TopicPartitionOffset } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import { createLedger, type Ledger } from './ledger.ts';

export interface Starts {
  offsets: TopicPartitionOffset[];
  ledgers: Map<number, Ledger>;
  /** Partitions whose states are read from their beginning. */
  wholeStates: ReadonlySet<number>;
}

/** For the always-on service: goes on where the group stands. Dead letters are read anew each time, as they are few. */
export async function startsOfGroup(deps: {
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  mysql: Queryable;
  log: Logger;
}): Promise<Starts> {
  const { admin, log } = deps;
  const lows = await readLows(admin);
  const commands = await admin.groupOffsets(GROUPS.reconciliation, COMMANDS);
  const events = await admin.groupOffsets(GROUPS.reconciliation, EVENTS);
  const states = await admin.groupOffsets(GROUPS.reconciliation, STATE);
  const byTopic = new Map([
    [COMMANDS, commands],
    [EVENTS, events],
    [STATE, states],
  ]);
  const missing = await knownMissing(deps.mysql);
  return build(lows, missing, (topic, partition, low) => {
    const committed = byTopic.get(topic)?.get(partition) ?? null;
    if (committed === null) return low;
    if (committed >= low) return committed;
    log.error(
      { topic, partition, committed: String(committed), low: String(low) },
      'records were deleted unread',
    );
    return low;
  });
}

/** For a run on demand: everything that the logs still have. */
export async function startsOfLogs(admin: Pick<KafkaAdmin, 'endOffsets'>): Promise<Starts> {
  return build(await readLows(admin), new Map(), (_topic, _partition, low) => low);
}

type Lows = Map<string, Map<number, { low: bigint }>>;

async function readLows(admin: Pick<KafkaAdmin, 'endOffsets'>): Promise<Lows> {
  const lows: Lows = new Map();
  for (const topic of [COMMANDS, EVENTS, DEAD_LETTERS, STATE]) lows.set(topic, await admin.endOffsets(topic));
  return lows;
}

function build(
  lows: Lows,
  missing: ReadonlyMap<number, number[]>,
  startOf: (topic: string, partition: number, low: bigint) => bigint,
): Starts {
  const offsets: TopicPartitionOffset[] = [];
  const ledgers = new Map<number, Ledger>();
  const wholeStates = new Set<number>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const [topic, ends] of lows) {
      const low = ends.get(partition)?.low ?? 0n;
      const offset = startOf(topic, partition, low);
      if (topic === STATE && offset === low) wholeStates.add(partition);
      offsets.push({ topic, partition, offset });
      if (topic === COMMANDS) {
        ledgers.set(partition, createLedger(partition, Number(offset), missing.get(partition)));
      }
    }
  }
  return { offsets, ledgers, wholeStates };
}

/** Outcomes that are missing by the findings: one that comes late closes its finding, even after a restart. */
async function knownMissing(mysql: Queryable): Promise<Map<number, number[]>> {
  const rows = await mysql.rows<{ subject: string }>(
    `SELECT subject FROM reconciliation_findings WHERE kind = 'OUTCOME_MISSING' AND status = 'OPEN' LIMIT 10000`,
  );
  const missing = new Map<number, number[]>();
  for (const { subject } of rows) {
    const [partition = 0, offset = 0] = subject.split('-').map(Number);
    missing.set(partition, [...(missing.get(partition) ?? []), offset]);
  }
  return missing;
}
