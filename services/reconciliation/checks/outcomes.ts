/**
 * (a) Compares commands and outcomes of each partition as sets of offsets. An outcome must exist once the workers
 * acknowledge it. They do this with `published_offset` or with the group offset, which an idle lane keeps current.
 */
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lasting } from '../findings/lasting.ts';
import type { Tally } from '../findings/tally.ts';
import { createOldOutcomes, type OffsetSpan, type ReadOutcomes } from '../following/old-outcomes.ts';
import { readLanes } from '../following/worker-positions.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';
import type { Check, OpenFinding } from './check.ts';

export interface OutcomesDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  ledgers: ReadonlyMap<number, Ledger>;
  /** Differences found while following. No later round sees them again. */
  lasting: Lasting;
  readOutcomes: ReadOutcomes;
  /**
   * Waits until the records of a topic have been followed up to these ends. Returns the partitions that reached
   * them.
   */
  reached(
    topic: string,
    ends: ReadonlyMap<number, bigint>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
}

const nothing: OffsetSpan = { low: 0n, high: 0n };

export function outcomesCheck(deps: OutcomesDeps): Check {
  const { mysql, admin, ledgers, lasting, reached } = deps;
  const findOld = createOldOutcomes(deps.readOutcomes);
  return {
    name: 'outcomes',
    kinds: [
      'OUTCOME_MISSING',
      'OUTCOME_UNEXPECTED',
      'OUTCOME_KEY_DIFFERS',
      'OUTCOME_CHANGED',
      'OUTCOME_UNREADABLE',
    ],
    async run(open, tally, signal) {
      // In this order, because acknowledged outcomes are below the ends that are read later.
      const limits = await acknowledged(mysql, admin);
      const events = await admin.endOffsets(EVENTS);
      const followed = await reached(EVENTS, highsOf(events), signal);
      // The followed outcomes answer commands that are in the log by now. In the other order, new outcomes
      // could arrive in between.
      const answered = new Map([...ledgers].map(([partition, ledger]) => [partition, ledger.outcomesEnd()]));
      const commands = await admin.endOffsets(COMMANDS);
      const stored = [lasting, ...[...ledgers.values()].map((ledger) => ledger.lasting)].map((one) =>
        one.addTo(tally),
      );
      for (const [partition, ledger] of ledgers) {
        if (!followed.has(partition)) continue;
        const ranges = {
          commands: commands.get(partition) ?? nothing,
          events: events.get(partition) ?? nothing,
        };
        await findOld(partition, ledger, ranges, signal);
        const commandsEnd = Number(ranges.commands.high);
        // A recreated log may end before the decided position. Commands that do not exist have no missing
        // outcome.
        const limit = Math.min(limits.get(partition) ?? 0, commandsEnd);
        ledger.settle(limit);
        addMissing(ledger, { partition, limit, open }, tally);
        addUnexpected(partition, answered.get(partition)!, commandsEnd, tally);
      }
      return {
        unsure: ({ subject }) => !followed.has(Number(subject.split('-')[0])),
        isPartial: () => followed.size < ledgers.size,
        whenKept() {
          for (const forget of stored) forget();
        },
      };
    },
  };
}

/**
 * Adds the missing outcomes of open findings, so that none closes because of the limit. Then it adds the lowest
 * other offsets.
 */
function addMissing(
  ledger: Ledger,
  { partition, limit, open }: { partition: number; limit: number; open: readonly OpenFinding[] },
  tally: Tally,
): void {
  const still = open.flatMap(({ kind, subject }) => {
    const [of, offset] = subject.split('-').map(Number);
    return kind === 'OUTCOME_MISSING' && of === partition && ledger.isMissing(offset!, limit)
      ? [offset!]
      : [];
  });
  const { offsets, count } = ledger.missingBelow(limit, tally.keptMax);
  const named = new Set([...still, ...offsets]);
  for (const offset of named) {
    tally.add({
      kind: 'OUTCOME_MISSING',
      subject: `${partition}-${offset}`,
      expected: 'one outcome',
      actual: 'none',
    });
  }
  tally.addUnnamed('OUTCOME_MISSING', count - named.size);
}

async function acknowledged(mysql: Queryable, admin: OutcomesDeps['admin']): Promise<Map<number, number>> {
  const committed = await admin.groupOffsets(GROUPS.worker, COMMANDS);
  const lanes = await readLanes(mysql);
  return new Map(
    [...lanes].map(([partition, lane]) => [
      partition,
      // A position beyond the decided position is a separate finding, and proves nothing here.
      Math.min(Math.max(lane.publishedOffset, Number(committed.get(partition) ?? 0n)), lane.nextOffset),
    ]),
  );
}

function addUnexpected(partition: number, outcomesEnd: number, commandsEnd: number, tally: Tally): void {
  if (outcomesEnd <= commandsEnd) return;
  tally.add({
    kind: 'OUTCOME_UNEXPECTED',
    subject: `${partition}-${outcomesEnd - 1}`,
    expected: `commands end at ${commandsEnd}`,
    actual: `an outcome of ${outcomesEnd - 1}`,
  });
}

function highsOf(ends: ReadonlyMap<number, { high: bigint }>): Map<number, bigint> {
  return new Map([...ends].map(([partition, { high }]) => [partition, high]));
}
