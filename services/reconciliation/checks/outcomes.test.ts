import { expect, it } from 'vitest';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { createLasting } from '../findings/lasting.ts';
import { createTally } from '../findings/tally.ts';
import { createLedger } from '../matching/outcome-matcher.ts';
import { outcomesCheck } from './outcomes.ts';

const commandsEnd = 5;

/**
 * A partition whose outcomes are followed up to `followed`. If `oneMoreMeanwhile` is set, one more outcome arrives
 * during the read of the command end.
 */
async function differencesWith(followed: number, oneMoreMeanwhile: boolean) {
  const ledger = createLedger(0, 0);
  for (let offset = 0; offset < followed; offset++) ledger.outcome(offset, null, 1);
  const admin = {
    groupOffsets: async () => new Map([[0, 0n]]),
    async endOffsets(topic: string) {
      const ends = new Map([
        [0, { low: 0n, high: BigInt(topic.includes('commands') ? commandsEnd : followed) }],
      ]);
      if (topic.includes('commands') && oneMoreMeanwhile) ledger.outcome(followed, null, 1);
      return ends;
    },
  } as unknown as Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  const mysql = { rows: async () => [] } as unknown as Queryable;
  const check = outcomesCheck({
    mysql,
    admin,
    ledgers: new Map([[0, ledger]]),
    lasting: createLasting(),
    readOutcomes: async () => [],
    reached: async (_topic, ends) => new Set(ends.keys()),
  });
  const tally = createTally([], 100);
  await check.run([], tally, new AbortController().signal);
  return tally.kept();
}

it('reports an outcome without a command', async () => {
  expect(await differencesWith(commandsEnd + 1, false)).toMatchObject([
    { kind: 'OUTCOME_UNEXPECTED', subject: `0-${commandsEnd}` },
  ]);
});

it('reports no outcome that arrives during the read of the command end', async () => {
  expect(await differencesWith(commandsEnd, true)).toEqual([]);
});
