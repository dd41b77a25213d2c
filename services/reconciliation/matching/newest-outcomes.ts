/**
 * The newest outcome of each order, in about 0.2 kB an order. So a run over whole logs reads the row of an order once, however many
 * outcomes the order has. Numbers are in typed arrays, because a million objects would cost five times the memory.
 */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { ExpectedOrder } from './recent-outcomes.ts';
import { createUuidIndex } from './uuid-index.ts';

/** An outcome that changed an order. */
type OrderOutcome = OrderEvent & { readonly orderId: string };

export interface NewestOutcomes {
  /** Notes an outcome. The first copy of a version counts. Returns false if there is no room for another order. */
  note(event: OrderOutcome): boolean;
  /** What the row of the order must be. Undefined for an unknown order. */
  get(orderId: string): ExpectedOrder | undefined;
  /** Like `get` by the 16 bytes of the id, and settles the order. Undefined if the order is settled already. */
  take(orderId: Uint8Array): ExpectedOrder | undefined;
  /** Marks the order as compared. */
  settle(orderId: string): void;
  /** The orders that are not settled. */
  unsettled(): Generator<ExpectedOrder>;
}

/** Orders of one block of memory. */
const blockOrders = 16_384;
/** The numbers of one order: position, version, total, four of its money, and five of its units. */
const fields = 12;
const [sourceOffsetAt, versionAt, totalAt, moneyAt, unitsAt] = [0, 1, 2, 3, 7];

interface Block {
  readonly numbers: Float64Array;
  readonly partitions: Uint16Array;
  readonly isSettled: Uint8Array;
  readonly statuses: (string | null)[];
  readonly customers: (string | null)[];
}

/** @param ordersMax maximum number of orders */
export function createNewestOutcomes(ordersMax: number): NewestOutcomes {
  const index = createUuidIndex();
  const blocks: Block[] = [];
  const place = (entry: number): [block: Block, slot: number] => {
    const number = Math.floor(entry / blockOrders);
    if (number === blocks.length) blocks.push(newBlock());
    return [blocks[number]!, entry % blockOrders];
  };
  const read = (entry: number): ExpectedOrder => readOrder(index.idOf(entry), ...place(entry));
  const take = (entry: number): ExpectedOrder | undefined => {
    if (entry < 0) return undefined;
    const [block, slot] = place(entry);
    if (block.isSettled[slot] !== 0) return undefined;
    block.isSettled[slot] = 1;
    return readOrder(index.idOf(entry), block, slot);
  };

  return {
    note(event) {
      const before = index.size();
      const entry = index.findOrAdd(event.orderId, ordersMax);
      if (entry < 0) return false;
      const [block, slot] = place(entry);
      const isNew = entry === before;
      if (isNew || block.numbers[slot * fields + versionAt]! < event.version)
        writeOrder(block, slot, event, isNew);
      return true;
    },
    get(orderId) {
      const entry = index.find(orderId);
      return entry < 0 ? undefined : read(entry);
    },
    take: (orderId) => take(index.findBytes(orderId)),
    settle: (orderId) => void take(index.find(orderId)),
    *unsettled() {
      for (let entry = 0; entry < index.size(); entry++) {
        const [block, slot] = place(entry);
        if (block.isSettled[slot] === 0) yield read(entry);
      }
    },
  };
}

function newBlock(): Block {
  return {
    numbers: new Float64Array(blockOrders * fields),
    partitions: new Uint16Array(blockOrders),
    isSettled: new Uint8Array(blockOrders),
    statuses: [],
    customers: [],
  };
}

/** NaN stands for a number that the outcome does not have. Later outcomes have no total, so the total of the acceptance stays. */
function writeOrder(block: Block, slot: number, event: OrderOutcome, isNew: boolean): void {
  const { numbers } = block;
  const at = slot * fields;
  const { money, units, version } = event;
  numbers[at + sourceOffsetAt] = event.sourceOffset;
  numbers[at + versionAt] = version;
  if (isNew || event.order !== null) numbers[at + totalAt] = event.order?.total ?? Number.NaN;
  numbers[at + moneyAt] = money?.received ?? Number.NaN;
  numbers[at + moneyAt + 1] = money?.refundPending ?? 0;
  numbers[at + moneyAt + 2] = money?.refunded ?? 0;
  numbers[at + moneyAt + 3] = money?.disputed ?? 0;
  // The units of a new order are those of its lines.
  const counted = version > 1 ? units : null;
  numbers[at + unitsAt] = counted?.ordered ?? Number.NaN;
  numbers[at + unitsAt + 1] = counted?.cancelled ?? 0;
  numbers[at + unitsAt + 2] = counted?.shipped ?? 0;
  numbers[at + unitsAt + 3] = counted?.returned ?? 0;
  numbers[at + unitsAt + 4] = counted?.restocked ?? 0;
  block.partitions[slot] = event.sourcePartition;
  block.statuses[slot] = event.status;
  block.customers[slot] = event.customerId;
}

function readOrder(
  orderId: string,
  { numbers, partitions, statuses, customers }: Block,
  slot: number,
): ExpectedOrder {
  const at = slot * fields;
  const number = (field: number): number => numbers[at + field]!;
  const has = (field: number): boolean => !Number.isNaN(number(field));
  return {
    orderId,
    customerId: customers[slot] ?? null,
    partition: partitions[slot]!,
    sourceOffset: number(sourceOffsetAt),
    version: number(versionAt),
    status: statuses[slot] ?? null,
    total: has(totalAt) ? number(totalAt) : null,
    money: has(moneyAt)
      ? {
          received: number(moneyAt),
          refundPending: number(moneyAt + 1),
          refunded: number(moneyAt + 2),
          disputed: number(moneyAt + 3),
        }
      : null,
    units: has(unitsAt)
      ? {
          ordered: number(unitsAt),
          cancelled: number(unitsAt + 1),
          shipped: number(unitsAt + 2),
          returned: number(unitsAt + 3),
          restocked: number(unitsAt + 4),
        }
      : null,
  };
}
