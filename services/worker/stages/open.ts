/** Begins the transaction of a batch. One packet holds the fence, and the reads of the prices and of the keys of sealed commands. */
import type { CommandNeeds, Rules } from '../../domain/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import { affectedRows, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import type { CustomerKeyRow } from '../../shared/personal-data/index.ts';
import type { PriceCatalogue, PriceSnapshot } from '../store/catalogue.ts';
import { keyRowsOf, layOutKeyRead } from '../store/customer-keys.ts';
import { type FenceMove, layOutFence } from '../store/positions.ts';
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

/** What is read after the fence. */
interface OpenedBatch extends BatchPrices {
  /** The keys that sealed commands name, by key id. */
  readonly customerKeys: ReadonlyMap<string, CustomerKeyRow>;
}

/** The fence of each part. */
export function movesOf(parts: readonly DecodedPart[]): FenceMove[] {
  return parts.map(({ lane, epoch, from, to, published, record }) => {
    const { outcome } = lane.position;
    return { partition: lane.partition, epoch, from, to, published, record, outcome };
  });
}

/** The prices of these SKUs, and these keys, read after the fence. Null if the fence moved fewer lanes than `moves` names. */
export async function openBatch(
  { topic, session, buffer, catalogue, ruleBook }: OpenDeps,
  moves: readonly FenceMove[],
  { skus, coupons }: Pick<CommandNeeds, 'skus' | 'coupons'>,
  keyIds: ReadonlySet<string>,
): Promise<OpenedBatch | null> {
  buffer.clear();
  const fence = layOutFence(buffer, topic, moves);
  const prices = catalogue.ask(buffer, skus);
  const rules = ruleBook.ask(
    buffer,
    coupons.map(({ code }) => code),
  );
  const keys = layOutKeyRead(buffer, keyIds);
  const opening = session.run(buffer.script());
  await failpoint('fenceSent');
  const answers = await opening;
  if (affectedRows(answers[fence]) !== moves.length) return null;
  await failpoint('fenced');
  const snapshot = await prices.answered(session, answers[prices.place]);
  const customerKeys = keyRowsOf(keys === null ? [] : answers[keys]);
  return { ...snapshot, rules: await rules.answered(session, answers, snapshot.ruleVersions), customerKeys };
}
