/**
 * Adds up the shipments and returns of orders by line. An order may have many of them, so they are read in pages, and only
 * the sums stay in memory.
 */
import type { Session } from '../../shared/mysql/index.ts';
import { pageRows, readPages } from './pages.ts';

/** The units of one line in the shipments and returns of its order. */
export interface LineMoves {
  shipped: number;
  returned: number;
  restocked: number;
}

/** What the shipments and returns of one order say. */
export interface MovedUnits {
  byLine: ReadonlyMap<number, LineMoves>;
  /** Shipments without a delivery. */
  openShipments: number;
  /** Rows whose list of units cannot be read. */
  unreadable: number;
}

interface Sums extends MovedUnits {
  byLine: Map<number, LineMoves>;
}

interface MoveRow {
  order_key: number;
  no: number;
  line_units: string;
}

interface ShipmentRow extends MoveRow {
  is_open: number;
}

/** The sums of the orders whose key is above `after` and not above `upTo`. An order without shipments and returns has none. */
export async function readMovedUnits(
  session: Pick<Session, 'rows'>,
  after: number,
  upTo: number,
): Promise<ReadonlyMap<number, MovedUnits>> {
  const orders = new Map<number, Sums>();
  const sumsOf = (key: number): Sums => {
    const known = orders.get(key) ?? { byLine: new Map(), openShipments: 0, unreadable: 0 };
    orders.set(key, known);
    return known;
  };
  const rowsOf = <Row extends MoveRow>(columns: string, table: string, no: string) =>
    readPages<Row, readonly [key: number, no: number]>(
      ([key, last]) =>
        session.rows<Row>(
          `SELECT order_key, ${no} AS no, line_units${columns} FROM ${table}
           WHERE (order_key > ? OR (order_key = ? AND ${no} > ?)) AND order_key <= ? ORDER BY order_key, ${no} LIMIT ?`,
          [key, key, last, upTo, pageRows],
        ),
      [after, Number.MAX_SAFE_INTEGER],
      (row) => [row.order_key, row.no],
    );
  for await (const row of rowsOf<ShipmentRow>(
    ', delivered_at_ms IS NULL AS is_open',
    'shipments',
    'shipment_no',
  )) {
    const sums = sumsOf(row.order_key);
    sums.openShipments += row.is_open;
    addUnits(sums, row, (moves, { quantity }) => {
      moves.shipped += quantity;
    });
  }
  for await (const row of rowsOf<MoveRow>('', 'returns', 'return_no')) {
    addUnits(sumsOf(row.order_key), row, (moves, { quantity, restock = 0 }) => {
      moves.returned += quantity;
      moves.restocked += restock;
    });
  }
  return orders;
}

interface Units {
  line: number;
  quantity: number;
  restock?: number;
}

function addUnits(sums: Sums, { line_units }: MoveRow, add: (moves: LineMoves, units: Units) => void): void {
  const list = unitsIn(line_units);
  if (list === null) sums.unreadable++;
  for (const units of list ?? []) {
    const moves = sums.byLine.get(units.line) ?? { shipped: 0, returned: 0, restocked: 0 };
    sums.byLine.set(units.line, moves);
    add(moves, units);
  }
}

/** Null if the text is no list of units. Such a row is a difference, and no reason to stop the walk. */
function unitsIn(text: string): readonly Units[] | null {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every(isUnits) ? list : null;
  } catch {
    return null;
  }
}

function isUnits(value: unknown): value is Units {
  if (typeof value !== 'object' || value === null) return false;
  const { line, quantity, restock = 0 } = value as Record<string, unknown>;
  return [line, quantity, restock].every(Number.isSafeInteger);
}
