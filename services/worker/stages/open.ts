/** The transaction of a batch begins: its fence and the read of its prices go out together. */
import { failpoint } from '../../shared/failpoint/index.ts';
import { affectedRows, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import type { Catalogue, PriceSnapshot } from '../store/catalogue.ts';
import { layOutFence } from '../store/positions.ts';
import type { DecodedPart } from './decode.ts';

export interface OpenDeps {
  readonly topic: string;
  readonly session: Session;
  readonly buffer: StatementBuffer;
  readonly catalogue: Catalogue;
}

/** The prices of these SKUs behind the fence of the parts; null when one of their lanes is not ours, or not there. */
export async function openBatch(
  { topic, session, buffer, catalogue }: OpenDeps,
  parts: readonly DecodedPart[],
  skus: readonly string[],
): Promise<PriceSnapshot | null> {
  buffer.clear();
  const moves = parts.map(({ lane, epoch, from, to, published, record }) => {
    const { outcome } = lane.position;
    return { partition: lane.partition, epoch, from, to, published, record, outcome };
  });
  const fence = layOutFence(buffer, topic, moves);
  const prices = catalogue.ask(buffer, skus);
  const opening = session.run(buffer.script());
  await failpoint('fenceSent');
  const answers = await opening;
  if (affectedRows(answers[fence]) !== parts.length) return null;
  await failpoint('fenced');
  return prices.answered(session, answers[prices.place]);
}
