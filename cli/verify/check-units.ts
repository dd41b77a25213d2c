/**
 * Compares the units of order lines with shipments and returns, and with the status of the order. Compares the unpaid units of
 * customers with their unpaid orders. Shares no code with the worker or with reconciliation.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Findings } from './checks.ts';
import type { CheckedLine, CheckedOrderRow } from './order-row.ts';

export interface UnitDeps {
  db: Connection;
  findings: Findings;
  /** All orders with a key in the range. */
  orders: readonly CheckedOrderRow[];
  /** The keys from `from` to before `to`. */
  from: number;
  to: number;
}

/** What the shipments and returns of one order say. */
interface Moves {
  /** By line number: shipped, returned and restocked units. */
  lines: Map<number, [shipped: number, returned: number, restocked: number]>;
  /** Shipments without a delivery. */
  open: number;
}

/** Rows of one query. An order may have many shipments with many lines. */
const ROWS_PER_QUERY = 2_000;
const NO_UNITS: [number, number, number] = [0, 0, 0];

/** Checks all orders of the range. */
export async function checkUnits(deps: UnitDeps): Promise<void> {
  const moves = new Map<number, Moves>();
  await readMoves(deps, 'shipments', 'shipment_no', moves);
  await readMoves(deps, 'returns', 'return_no', moves);
  for (const order of deps.orders) {
    const problems = problemsOf(order, moves.get(order.key) ?? { lines: new Map(), open: 0 });
    if (problems.length > 0) deps.findings.add('units', `order ${order.id}: ${problems.join(', ')}`);
    moves.delete(order.key);
  }
  for (const key of moves.keys()) deps.findings.add('units', `shipments or returns of no order: key ${key}`);
}

function problemsOf({ status, lines }: CheckedOrderRow, moves: Moves): string[] {
  const problems: string[] = [];
  for (const line of lines) {
    const { lineNo, shipped, returned, restocked } = line;
    const ofLine = [shipped, returned, restocked].join(' ');
    const ofRows = (moves.lines.get(lineNo) ?? NO_UNITS).join(' ');
    if (ofLine !== ofRows)
      problems.push(`line ${lineNo}: shipped, returned, restocked ${ofLine}, rows ${ofRows}`);
    if (!isPossible(line)) problems.push(`line ${lineNo}: units out of bounds`);
    moves.lines.delete(lineNo);
  }
  for (const lineNo of moves.lines.keys()) problems.push(`rows of line ${lineNo}, which it does not have`);
  if (!fits(status, lines, moves.open)) problems.push(`${status} does not fit its units`);
  return problems;
}

function isPossible({ quantity, cancelled, shipped, returned, restocked, refunded }: CheckedLine): boolean {
  const isAscending = 0 <= restocked && restocked <= returned && returned <= shipped;
  return (
    isAscending && 0 <= cancelled && cancelled + shipped <= quantity && 0 <= refunded && refunded <= quantity
  );
}

/** Whether units are left to ship, with customers, or on their way, as the status says. */
function fits(status: string, lines: readonly CheckedLine[], open: number): boolean {
  const left = lines.some(({ quantity, cancelled, shipped }) => cancelled + shipped < quantity);
  const away = lines.some(({ shipped, returned }) => returned < shipped);
  if (status === 'PAID') return left;
  if (status === 'SHIPPED') return !left && away;
  if (status === 'DELIVERED' || status === 'CLOSED') return !left && away && open === 0;
  if (status === 'RETURNED') return !left && !away;
  return lines.every(({ cancelled, shipped }) => cancelled === 0 && shipped === 0);
}

async function readMoves(
  { db, findings, from, to }: UnitDeps,
  table: 'shipments' | 'returns',
  no: string,
  moves: Map<number, Moves>,
): Promise<void> {
  const isOpen = table === 'shipments' ? 'delivered_at_ms IS NULL' : '0';
  for (let [key, last] = [from, 0]; ; ) {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT order_key, ${no} AS no, line_units, ${isOpen} AS open FROM ${table}
       WHERE (order_key > ? OR (order_key = ? AND ${no} > ?)) AND order_key < ? ORDER BY order_key, ${no} LIMIT ?`,
      [key, key, last, to, ROWS_PER_QUERY],
    );
    for (const row of rows) {
      const key = Number(row['order_key']);
      const ofOrder = moves.get(key) ?? { lines: new Map(), open: 0 };
      moves.set(key, ofOrder);
      ofOrder.open += Number(row['open']);
      if (!addUnits(ofOrder, table, String(row['line_units'])))
        findings.add('units', `${table} ${row['no']} of key ${key} cannot be read`);
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < ROWS_PER_QUERY) return;
    [key, last] = [Number(end['order_key']), Number(end['no'])];
  }
}

/** Adds the units of one row. False if its text is no list. */
function addUnits({ lines }: Moves, table: 'shipments' | 'returns', text: string): boolean {
  try {
    for (const { line, quantity, restock } of JSON.parse(text)) {
      const [shipped, returned, restocked] = lines.get(line) ?? NO_UNITS;
      lines.set(
        line,
        table === 'shipments'
          ? [shipped + quantity, returned, restocked]
          : [shipped, returned + quantity, restocked + restock],
      );
    }
    return true;
  } catch {
    return false;
  }
}

/** Adds the units that the order counts as unpaid. */
export function countUnpaid(
  unpaid: Map<string, number>,
  { status, unpaidUnits, customerId }: CheckedOrderRow,
): void {
  if (status !== 'PENDING_PAYMENT' || unpaidUnits === 0) return;
  unpaid.set(customerId, (unpaid.get(customerId) ?? 0) + unpaidUnits);
}

/** Compares every customer with the units of unpaid orders. */
export async function checkUnpaid(
  db: Connection,
  findings: Findings,
  unpaid: ReadonlyMap<string, number>,
): Promise<void> {
  const left = new Map(unpaid);
  const [rows] = await db.query<RowDataPacket[]>('SELECT customer_id, units FROM unpaid_customers');
  for (const row of rows) {
    const customerId = String(row['customer_id']);
    const [units, orders] = [Number(row['units']), left.get(customerId) ?? 0];
    left.delete(customerId);
    if (units !== orders)
      findings.add('unpaidUnits', `customer ${customerId}: ${units} units counted, orders have ${orders}`);
  }
  for (const [customerId, orders] of left)
    findings.add('unpaidUnits', `customer ${customerId}: orders have ${orders} units, but it has no counter`);
}
