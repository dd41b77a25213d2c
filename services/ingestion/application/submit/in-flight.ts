/** Places on their way into the log, at most one of each order. */

import type { LogPosition } from '../common/ticket.ts';
import type { Placed } from '../read/order-store.ts';
import type { CommandLog } from './command-log.ts';
import type { Place } from './order-submission.ts';

/** How a flight ended: where the place is in the log, or why it is not. */
export interface Landing {
  readonly fingerprint: string;
  readonly end: LogPosition | Error;
  /** Leader epoch at the append; null for what the database knows. */
  /** The database has this order: nothing else can win the key. */
  readonly isStored: boolean;
}

export interface Flights {
  /** The end of the flight of this order, or null when there is none. */
  join(orderId: string): Promise<Landing> | null;
  /** A flight for the place of an order that has none; from now on others can join it. */
  open(place: Place): Flight;
  /** Appends what was opened in the same turn. Resolves to the results, by position, once all exist. */
  append(flights: readonly Flight[]): Promise<readonly (LogPosition | Error)[]>;
}

export interface Flight {
  readonly place: Place;
  readonly epoch: number | null;
  /** The earlier order of this key, once known: then the append makes no second order. */
  known: Placed | null;
  waiting: ((landing: Landing) => void)[] | null;
}

export interface FlightsDeps {
  readonly commandLog: Pick<CommandLog, 'append'>;
  /** A place is in the log; called at once, whatever it was appended with. */
  readonly onPlaced: (orderId: string, placed: Placed) => void;
  /** The leader epoch of the partition. Null while unknown: then the result is not remembered. */
  readonly epochOf: (partition: number) => number | null;
}

export function createFlights({ commandLog, onPlaced, epochOf }: FlightsDeps): Flights {
  const inFlight = new Map<string, Flight>();

  const land = ({ place, epoch, known, waiting }: Flight, end: LogPosition | Error): void => {
    const { orderId, fingerprint } = place;
    inFlight.delete(orderId);
    let landing: Landing = { fingerprint, end, isStored: false };
    if (!(end instanceof Error)) {
      const placed = known ?? { fingerprint, position: end, epoch };
      landing = { fingerprint: placed.fingerprint, end: placed.position, isStored: known !== null };
      if (known !== null || epoch !== null) onPlaced(orderId, placed);
    }
    if (waiting !== null) for (const tell of waiting) tell(landing);
  };

  return {
    join(orderId) {
      const flight = inFlight.get(orderId);
      if (flight === undefined) return null;
      return new Promise((resolve) => {
        flight.waiting ??= [];
        flight.waiting.push(resolve);
      });
    },
    open(place) {
      // Known before the append: an epoch that changes on the way makes the memory of it unbelieved, never the reverse.
      const epoch = epochOf(place.message.partition);
      const flight: Flight = { place, epoch, known: null, waiting: null };
      inFlight.set(place.orderId, flight);
      return flight;
    },
    append(flights) {
      const ends = new Array<LogPosition | Error>(flights.length);
      const messages = flights.map(({ place }) => place.message);
      let open = flights.length;
      return new Promise((resolve) => {
        commandLog.append(messages, (i, end) => {
          ends[i] = end;
          land(flights[i]!, end);
          if (--open === 0) resolve(ends);
        });
      });
    },
  };
}
