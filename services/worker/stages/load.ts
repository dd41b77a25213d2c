/**
 * What a batch is decided from, read behind the fence: prices always, orders and commands where the batch names them,
 * stock levels where care is due.
 */
import type { Snapshot, SourceRecord, StockChange } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Scarcity } from '../scarcity.ts';
import type { PriceSnapshot } from '../store/catalogue.ts';
import { readCommands, readOrders } from '../store/known.ts';
import { lockLevels, readLevels } from '../store/stock.ts';
import type { DecodedPart } from './decode.ts';

export interface LoadDeps {
  readonly session: Session;
  readonly scarcity: Scarcity;
}

/** What the commands of a batch name. */
export interface Wanted {
  /** Once per line: asking who knows one is cheaper than gathering them in a set first. */
  readonly skus: readonly string[];
  readonly orderIds: ReadonlySet<string>;
  readonly commands: readonly { orderId: string; commandId: string }[];
}

/** Reads what else the decision needs beside the prices, in the transaction that they were read in. */
export async function loadSnapshot(
  deps: LoadDeps,
  wanted: Wanted,
  { version, products }: PriceSnapshot,
): Promise<Snapshot> {
  const { session } = deps;
  const orders = await readOrders(session, wanted.orderIds);
  const commands = await readCommands(session, wanted.commands);
  const skus = [...orders.values()].flatMap(({ lines }) => lines.map(({ sku }) => sku));
  const stockLevels = await readScarce(deps, skus.length === 0 ? wanted.skus : [...wanted.skus, ...skus]);
  return { products, priceVersion: version, stockLevels, orders, commands };
}

/** Which of the SKUs whose guards did not hold are short now; all of them when none is (it was restocked meanwhile). */
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
 * Levels of the scarce SKUs. One that is sold out is not locked: refusing needs no more than the fact that it was
 * sold out when it was read, so a sold-out sale holds up nobody.
 */
async function readScarce(deps: LoadDeps, skus: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const scarce = deps.scarcity.among(skus);
  if (scarce.length === 0) return new Map();
  const levels = await readLevels(deps.session, scarce);
  const locked = await lockLevels(
    deps.session,
    scarce.filter((sku) => levels.get(sku)! > 0),
  );
  for (const [sku, level] of locked) levels.set(sku, level);
  return levels;
}

export function collectWanted(parts: readonly DecodedPart[]): Wanted {
  const skus: string[] = [];
  const orderIds = new Set<string>();
  const commands: { orderId: string; commandId: string }[] = [];
  for (const { lane, sources } of parts) {
    const careful = lane.carefulBatches > 0;
    for (const { content } of sources) collect(content, careful);
  }
  return { skus, orderIds, commands };

  function collect(content: SourceRecord['content'], careful: boolean) {
    if (content.kind !== 'command') return;
    const { command } = content;
    if (command.type === 'PLACE') {
      for (const line of command.payload.lines) skus.push(line.sku);
      if (careful) orderIds.add(command.orderId!);
    } else if (command.orderId !== null) {
      orderIds.add(command.orderId);
      commands.push({ orderId: command.orderId, commandId: command.commandId });
    }
  }
}
