/** When requests are due: a rate over time, and the moments at which its integral passes a whole number. */

/** A rate over time, as straight lines between points. */
export interface Shape {
  /**
   * Time as a share of the period, and rate as a share of the peak. Times begin at 0 and do not fall. Two points at one time
   * are a step. The rate stays at its last point.
   */
  readonly points: readonly (readonly [at: number, share: number])[];
  /** Length of a period; null if the period is the whole run. */
  readonly periodSeconds: number | null;
}

export interface Run {
  readonly shape: Shape;
  /** Requests per second at the peak. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** A piece of the run with a straight line of rates, in seconds and requests per second. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly rateFrom: number;
  readonly rateTo: number;
}

/** Number of requests that are due in the whole run. */
export function requestsDue(run: Run): number {
  let sum = 0;
  for (const { from, to, rateFrom, rateTo } of piecesOf(run)) sum += ((to - from) * (rateFrom + rateTo)) / 2;
  // Rounding errors of many pieces must not cost a request.
  return Math.floor(sum + 1e-6);
}

/** The seconds since the begin of the run at which requests are due, in order. The first is at once. */
export function* dueTimes(run: Run): Generator<number, void, void> {
  const count = requestsDue(run);
  let made = 0;
  /** Integral of the rate up to the current piece. */
  let before = 0;
  for (const { from, to, rateFrom, rateTo } of piecesOf(run)) {
    const length = to - from;
    const area = (length * (rateFrom + rateTo)) / 2;
    const slope = (rateTo - rateFrom) / length;
    for (; made < count && made < before + area; made++) {
      const missing = made - before;
      // The root of slope/2·t² + rateFrom·t = missing, in the form that also works for a slope of 0.
      const root = Math.sqrt(Math.max(0, rateFrom * rateFrom + 2 * slope * missing));
      yield missing === 0 ? from : Math.min(to, from + (2 * missing) / (rateFrom + root));
    }
    before += area;
  }
}

function* piecesOf({ shape, perSecond, seconds }: Run): Generator<Piece, void, void> {
  const period = Math.min(shape.periodSeconds ?? seconds, seconds);
  const ends = [...shape.points, [1, shape.points.at(-1)![1]] as const];
  for (let start = 0; start < seconds; start += period) {
    for (let i = 0; i + 1 < ends.length; i++) {
      const [at, share] = ends[i]!;
      const [nextAt, nextShare] = ends[i + 1]!;
      const piece = {
        from: start + at * period,
        to: start + nextAt * period,
        rateFrom: share * perSecond,
        rateTo: nextShare * perSecond,
      };
      if (piece.to > piece.from && piece.from < seconds) yield cut(piece, seconds);
    }
  }
}

/** The last period may end with the run. */
function cut(piece: Piece, seconds: number): Piece {
  if (piece.to <= seconds) return piece;
  const share = (seconds - piece.from) / (piece.to - piece.from);
  return { ...piece, to: seconds, rateTo: piece.rateFrom + share * (piece.rateTo - piece.rateFrom) };
}
