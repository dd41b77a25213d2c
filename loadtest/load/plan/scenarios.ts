/** The scenarios of the load generator, as data. */
import type { Shape } from './rate.ts';

export interface Scenario {
  /** What the scenario does, as a half sentence for the help. */
  readonly about: string;
  /** Orders per second at the peak, unless the user gives another number. */
  readonly ratePeak: number;
  /** Length of the run, unless the user gives another one. */
  readonly seconds: number;
  /** The rate over time, as a share of the peak. */
  readonly shape: Shape;
  /** Above 1, a request is a batch of this many orders. */
  readonly ordersEach: number;
  readonly choice: Choice;
  /** True if the scenario expects 503 and 429. Then it sends no request again. */
  readonly isRefused: boolean;
}

/** How an order chooses its lines. */
export interface Choice {
  /** `scarce`: only products whose stock is about half of the units that the run orders. */
  readonly among: 'all' | 'scarce';
  /** Exponent of the Zipf distribution. The product with the most stock has rank 1. */
  readonly exponent: number;
  readonly linesMax: number;
  readonly quantityMax: number;
}

const constant: Shape = { points: [[0, 1]], periodSeconds: null };
const ordinary: Choice = { among: 'all', exponent: 1, linesMax: 4, quantityMax: 3 };
const steady = {
  shape: constant,
  ordersEach: 1,
  choice: ordinary,
  isRefused: false,
  seconds: 60,
} as const;

export const scenarios: Readonly<Record<string, Scenario>> = {
  light: {
    ...steady,
    about: 'a few orders, so that no request waits for another',
    ratePeak: 20,
    seconds: 30,
  },
  steady: { ...steady, about: 'a constant rate', ratePeak: 300 },
  ramp: {
    ...steady,
    about: 'a rate that rises from a twentieth of the peak to the peak',
    ratePeak: 1_000,
    shape: {
      points: [
        [0, 0.05],
        [1, 1],
      ],
      periodSeconds: null,
    },
  },
  burst: {
    ...steady,
    about: 'a fifth of the peak, and the peak in the last 2 s of every 10 s',
    ratePeak: 1_000,
    shape: {
      points: [
        [0, 0.2],
        [0.8, 0.2],
        [0.8, 1],
        [1, 1],
      ],
      periodSeconds: 10,
    },
  },
  'hot-sku': {
    ...steady,
    about: 'five of six lines ask for the same product',
    ratePeak: 300,
    choice: { ...ordinary, exponent: 3 },
  },
  'sold-out': {
    ...steady,
    about: 'orders ask for more units than there are, so that products sell out',
    ratePeak: 300,
    choice: { among: 'scarce', exponent: 1, linesMax: 1, quantityMax: 20 },
  },
  overload: {
    ...steady,
    about: 'more than a small machine can do; 503 and 429 are expected and not sent again',
    ratePeak: 5_000,
    seconds: 20,
    isRefused: true,
  },
  bulk: { ...steady, about: 'batches of 20 orders', ratePeak: 2_000, ordersEach: 20 },
};
