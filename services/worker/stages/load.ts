/** What a batch is decided from: prices always, orders and commands where the batch names them, stock levels where care is due. */
import type { Snapshot, SourceRecord, StockChange } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Scarcity } from '../scarcity.ts';
import type { Catalogue } from '../store/catalogue.ts';
import { readCommands, readOrders } from '../store/known.ts';
import { lockLevels, readLevels } from '../store/stock.ts';
import type { DecodedPart } from './decode.ts';

export interface LoadDeps {
  readonly session: Session;
  readonly catalogue: Catalogue;
  readonly scarcity: Scarcity;
}

/** Reads the snapshot for the parts, after the lanes' last COMMIT and behind the fence. */
export async function loadSnapshot(deps: LoadDeps, parts: readonly DecodedPart[]): Promise<Snapshot> {
  const { session } = deps;
  const wanted = collectWanted(parts);
  const { version, products } = await deps.catalogue.snapshot(session, wanted.skus);
  const orders = await readOrders(session, wanted.orderIds);
  const commands = await readCommands(session, wanted.commands);
  for (const order of orders.values()) for (const line of order.lines) wanted.skus.push(line.sku);
  const stockLevels = await readScarce(deps, wanted.skus);
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

/** What the parts name. SKUs stand once per line: asking who knows one is cheaper than gathering them in a set first. */
function collectWanted(parts: readonly DecodedPart[]) {
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
