/**
 * Reads the input of a decision after the fence. Prices are always read. Orders and commands are read if the batch
 * names them. Stock levels are read for SKUs that are known to be short.
 */
import { type CommandNeeds, handlerOf, type Snapshot } from '../../domain/index.ts';
import type { StatementBuffer } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { readExisting } from '../store/existing-orders.ts';
import type { DecodedPart } from './decode.ts';
import { type LevelDeps, loadLevels } from './levels.ts';
import type { BatchPrices } from './open.ts';

export interface LoadDeps extends LevelDeps {
  /** For the statements of the reads. */
  readonly buffer: StatementBuffer;
}

/** Reads the input of the decision except for the prices, in the same transaction. */
export async function loadSnapshot(
  deps: LoadDeps,
  needs: CommandNeeds,
  { version, products, rules }: BatchPrices,
): Promise<Snapshot> {
  const { session } = deps;
  const { orders, commands, money } = await readExisting(session, deps.buffer, needs);
  const levels = await loadLevels(deps, needs, orders, rules);
  return { products, priceVersion: version, rules, ...levels, orders, commands, money };
}

/** The rows that the commands of a batch need. Lanes with a recent duplicate read orders before they insert them. */
export function collectNeeds(
  parts: readonly { readonly lane: Pick<Lane, 'readsIdsFirst'>; readonly sources: DecodedPart['sources'] }[],
): CommandNeeds {
  const needs: CommandNeeds = {
    skus: [],
    customers: [],
    coupons: [],
    orderIds: new Set(),
    givingBack: new Set(),
    commands: [],
    moneyOf: new Set(),
    goodsOf: new Set(),
    adjusted: new Set(),
    payments: [],
    refundIds: [],
    openRefunds: [],
  };
  for (const { lane, sources } of parts) {
    const readExisting = lane.readsIdsFirst;
    for (const { content } of sources) {
      if (content.kind !== 'command') continue;
      const { orderId, type } = content.command;
      const handler = handlerOf(type);
      handler?.addNeeds(content.command, needs, readExisting);
      if (handler?.givesBack && orderId !== null) needs.givingBack.add(orderId);
    }
  }
  return needs;
}
