/**
 * Reads the input of a decision after the fence. Prices are always read. Orders and commands are read if the batch
 * names them. Stock levels are read for SKUs that are known to be short.
 */
import {
  type CommandNeeds,
  handlerOf,
  noRules,
  type Snapshot,
  type StockChange,
} from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { LowStock } from '../batching/low-stock.ts';
import type { PriceSnapshot } from '../store/catalogue.ts';
import { readCommands, readOrders } from '../store/existing-orders.ts';
import { lockLevels, readLevels } from '../store/stock.ts';
import type { DecodedPart } from './decode.ts';

export interface LoadDeps {
  readonly session: Session;
  readonly lowStock: LowStock;
}

/** Reads the input of the decision except for the prices, in the same transaction. */
export async function loadSnapshot(
  deps: LoadDeps,
  needs: CommandNeeds,
  { version, products }: PriceSnapshot,
): Promise<Snapshot> {
  const { session } = deps;
  const orders = await readOrders(session, needs.orderIds);
  const commands = await readCommands(session, needs.commands);
  const skus = [...orders.values()].flatMap(({ lines }) => lines.map(({ sku }) => sku));
  const stockLevels = await readLowStock(deps, skus.length === 0 ? needs.skus : [...needs.skus, ...skus]);
  return { products, priceVersion: version, rules: noRules, stockLevels, orders, commands };
}

/**
 * The SKUs of the failed stock update that are short now. All of its SKUs if none is short, because stock was added
 * meanwhile.
 */
export async function findShort(session: Session, changes: readonly StockChange[]): Promise<string[]> {
  const taking = changes.filter((change) => change.peak > 0);
  const levels = await readLevels(
    session,
    taking.map((change) => change.sku),
  );
  const short = taking.filter(({ sku, peak }) => levels.get(sku)! < peak);
  return (short.length > 0 ? short : taking).map((change) => change.sku);
}

/**
 * The levels of the SKUs that are known to be short. A sold-out SKU is not locked. To refuse an order, it is enough
 * that its SKU was sold out at the read. So orders for a sold-out SKU block no other batch.
 */
async function readLowStock(deps: LoadDeps, skus: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const short = deps.lowStock.among(skus);
  if (short.length === 0) return new Map();
  const levels = await readLevels(deps.session, short);
  const locked = await lockLevels(
    deps.session,
    short.filter((sku) => levels.get(sku)! > 0),
  );
  for (const [sku, level] of locked) levels.set(sku, level);
  return levels;
}

/** The rows that the commands of a batch need. Lanes with a recent duplicate read orders before they insert them. */
export function collectNeeds(parts: readonly DecodedPart[]): CommandNeeds {
  const needs: CommandNeeds = { skus: [], orderIds: new Set(), commands: [] };
  for (const { lane, sources } of parts) {
    const readExisting = lane.readsIdsFirst;
    for (const { content } of sources) {
      if (content.kind !== 'command') continue;
      handlerOf(content.command.type)?.addNeeds(content.command, needs, readExisting);
    }
  }
  return needs;
}
