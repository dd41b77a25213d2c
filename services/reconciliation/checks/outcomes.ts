/**
 * (a) Commands and outcomes of each partition as sets of offsets. An outcome must be there once the workers say that
 * it is acknowledged: `published_offset`, or the group offset, which an idle lane brings up to date.
 */
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference } from '../kinds.ts';
import { readLanes } from '../lanes.ts';
import type { Ledger } from '../ledger.ts';
import type { Check } from './check.ts';

export interface OutcomesDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  ledgers: ReadonlyMap<number, Ledger>;
  /** Differences met while following that no round would see again. */
  takeLasting(): Difference[];
  /** Waits until the records of a topic have been followed up to these ends; gives the partitions that have. */
  reached(
    topic: string,
    ends: ReadonlyMap<number, bigint>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
}

export function outcomesCheck({ mysql, admin, ledgers, takeLasting, reached }: OutcomesDeps): Check {
  return {
    name: 'outcomes',
    kinds: [
      'OUTCOME_MISSING',
      'OUTCOME_UNEXPECTED',
      'OUTCOME_KEY_DIFFERS',
      'OUTCOME_CHANGED',
      'OUTCOME_UNREADABLE',
    ],
    async run(_open, signal) {
      // In this order: what is acknowledged by now is below the ends that are read after it.
      const limits = await acknowledged(mysql, admin);
      const events = highsOf(await admin.endOffsets(EVENTS));
      const followed = await reached(EVENTS, events, signal);
      // What is followed by now answers commands that are in the log by now: the other way round outcomes could come in between.
      const answered = new Map([...ledgers].map(([partition, ledger]) => [partition, ledger.outcomesEnd()]));
      const commands = highsOf(await admin.endOffsets(COMMANDS));
      const differences: Difference[] = takeLasting();
      for (const [partition, ledger] of ledgers) {
        differences.push(...ledger.takeLasting());
        if (!followed.has(partition)) continue;
        const limit = limits.get(partition) ?? 0;
        ledger.settle(limit);
        differences.push(...ledger.missingBelow(limit));
        differences.push(
          ...unexpected(partition, answered.get(partition)!, Number(commands.get(partition) ?? 0n)),
        );
      }
      return { differences, unsure: ({ subject }) => !followed.has(Number(subject.split('-')[0])) };
    },
  };
}

async function acknowledged(mysql: Queryable, admin: OutcomesDeps['admin']): Promise<Map<number, number>> {
  const committed = await admin.groupOffsets(GROUPS.worker, COMMANDS);
  const lanes = await readLanes(mysql);
  return new Map(
    [...lanes].map(([partition, lane]) => [
      partition,
      // A position beyond what is decided is a finding of its own, and proves nothing.
      Math.min(Math.max(lane.publishedOffset, Number(committed.get(partition) ?? 0n)), lane.nextOffset),
    ]),
  );
}

function unexpected(partition: number, outcomesEnd: number, commandsEnd: number): Difference[] {
  if (outcomesEnd <= commandsEnd) return [];
  return [
    {
      kind: 'OUTCOME_UNEXPECTED',
      subject: `${partition}-${outcomesEnd - 1}`,
      expected: `commands end at ${commandsEnd}`,
      actual: `an outcome of ${outcomesEnd - 1}`,
    },
  ];
}

function highsOf(ends: ReadonlyMap<number, { high: bigint }>): Map<number, bigint> {
  return new Map([...ends].map(([partition, { high }]) => [partition, high]));
}
