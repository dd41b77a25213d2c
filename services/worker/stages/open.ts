/** Begins the transaction of a batch. One packet holds the fence and the read of the prices. */
import type { CommandNeeds, Rules } from '../../domain/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import { affectedRows, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import type { PriceCatalogue, PriceSnapshot } from '../store/catalogue.ts';
import { layOutFence } from '../store/positions.ts';
import type { RuleBook } from '../store/rule-book.ts';
import type { DecodedPart } from './decode.ts';

export interface OpenDeps {
  readonly topic: string;
  readonly session: Session;
  readonly buffer: StatementBuffer;
  readonly catalogue: PriceCatalogue;
  readonly ruleBook: RuleBook;
}

/** The products and rules that price the orders of a batch. */
export interface BatchPrices extends PriceSnapshot {
  readonly rules: Rules;
}

/** The prices of these SKUs, read after the fence. Null if the fence moved fewer lanes than there are parts. */
export async function openBatch(
  { topic, session, buffer, catalogue, ruleBook }: OpenDeps,
  parts: readonly DecodedPart[],
  { skus, coupons }: Pick<CommandNeeds, 'skus' | 'coupons'>,
): Promise<BatchPrices | null> {
  buffer.clear();
  const moves = parts.map(({ lane, epoch, from, to, published, record }) => {
    const { outcome } = lane.position;
    return { partition: lane.partition, epoch, from, to, published, record, outcome };
  });
  const fence = layOutFence(buffer, topic, moves);
  const prices = catalogue.ask(buffer, skus);
  const rules = ruleBook.ask(
    buffer,
    coupons.map(({ code }) => code),
  );
  const opening = session.run(buffer.script());
  await failpoint('fenceSent');
  const answers = await opening;
  if (affectedRows(answers[fence]) !== parts.length) return null;
  await failpoint('fenced');
  const snapshot = await prices.answered(session, answers[prices.place]);
  return { ...snapshot, rules: await rules.answered(session, answers, snapshot.ruleVersions) };
}
