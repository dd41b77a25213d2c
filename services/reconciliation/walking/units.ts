/**
 * (p) Compares the units of order lines with the shipments and returns of their order, and with its status. All of them change
 * in the same transactions, so any difference in one snapshot is real.
 */
import { bytesToUuid } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { LineMoves, MovedUnits } from './moved-units.ts';
import type { LineRow, OrderRow } from './rows.ts';

const noMoves: LineMoves = { shipped: 0, returned: 0, restocked: 0 };
const nothingMoved: MovedUnits = { byLine: new Map(), openShipments: 0, unreadable: 0 };
/** Maximum number of lines that a finding shows. */
const shownLinesMax = 5;

/** Null if everything agrees. An order has at most one of these findings. */
export function compareUnits(
  { order_id, status }: OrderRow,
  lines: readonly LineRow[],
  moved: MovedUnits = nothingMoved,
): Difference | null {
  const wrong = lines.filter((line) => !isLineRight(line, moved.byLine.get(line.line_no) ?? noMoves));
  const known = new Set(lines.map(({ line_no }) => line_no));
  const unknownLines = [...moved.byLine.keys()].filter((lineNo) => !known.has(lineNo));
  const fits = fitsStatus(status, lines, moved);
  if (fits && wrong.length + unknownLines.length + moved.unreadable === 0) return null;
  return {
    kind: 'UNITS_DIFFER',
    subject: bytesToUuid(order_id),
    expected: 'lines with the units of shipments and returns, and a status that fits them',
    actual: JSON.stringify({
      ...{ status, fits, openShipments: moved.openShipments, unreadable: moved.unreadable, unknownLines },
      lines: (wrong.length > 0 ? wrong : lines)
        .slice(0, shownLinesMax)
        .map((line) => textOf(line, moved.byLine.get(line.line_no) ?? noMoves)),
    }),
  };
}

/** A unit comes back at most once after it was shipped, and is shipped only if it is not cancelled. */
function isLineRight(
  { quantity, cancelled, shipped, returned, restocked, refunded }: LineRow,
  rows: LineMoves,
): boolean {
  return (
    shipped === rows.shipped &&
    returned === rows.returned &&
    restocked === rows.restocked &&
    Math.min(cancelled, shipped, restocked, refunded) >= 0 &&
    cancelled + shipped <= quantity &&
    returned <= shipped &&
    restocked <= returned &&
    refunded <= quantity
  );
}

function fitsStatus(
  status: OrderRow['status'],
  lines: readonly LineRow[],
  { openShipments }: MovedUnits,
): boolean {
  const isSome = (unitsOf: (line: LineRow) => number): boolean => lines.some((line) => unitsOf(line) !== 0);
  const isLeft = isSome(({ quantity, cancelled, shipped }) => quantity - cancelled - shipped);
  const isAway = isSome(({ shipped, returned }) => shipped - returned);
  switch (status) {
    case 'PAID':
      return isLeft;
    case 'SHIPPED':
      return !isLeft && isAway;
    case 'DELIVERED':
    case 'CLOSED':
      return !isLeft && isAway && openShipments === 0;
    case 'RETURNED':
      return !isLeft && !isAway;
    default:
      return !isSome(({ cancelled, shipped }) => cancelled + shipped);
  }
}

function textOf(
  { line_no: line, quantity, cancelled, shipped, returned, restocked, refunded }: LineRow,
  rows: LineMoves,
) {
  return { line, quantity, cancelled, shipped, returned, restocked, refunded, rows };
}
