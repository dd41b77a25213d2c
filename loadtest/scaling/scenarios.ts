/** The loads and faults that the simulator plays. Times are seconds after the start. */
import type { WorkerFaults } from './workers.ts';

export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  /** Figures count from here on. Before, the number of workers adapts to the load. */
  readonly warmUpSeconds: number;
  /** Orders per second. */
  readonly rateAt: (second: number) => number;
  readonly faultsAt?: (second: number) => Partial<WorkerFaults>;
}

const warmUpSeconds = 1_800;
const hour = 3_600;
const steady = (rate: number): Scenario => ({
  ...{ name: `steady ${rate.toLocaleString('en-US')}/s`, warmUpSeconds },
  ...{ seconds: warmUpSeconds + 2 * hour, rateAt: () => rate },
});
const faultAt = 2_400;
const within = (second: number, length: number): boolean => second >= faultAt && second < faultAt + length;
const faulty = (name: string, rate: number, seconds: number, faults: Partial<WorkerFaults>): Scenario => ({
  ...{ name, warmUpSeconds, seconds: warmUpSeconds + hour, rateAt: () => rate },
  faultsAt: (second) => (within(second, seconds) ? faults : {}),
});

export const scenarios: readonly Scenario[] = [
  steady(1_500),
  steady(5_000),
  steady(8_000),
  steady(12_000),
  {
    ...{ name: 'burst x5 from 1,500/s for 5 min', warmUpSeconds, seconds: warmUpSeconds + hour },
    rateAt: (second) => (within(second, 300) ? 7_500 : 1_500),
  },
  faulty('slow pod, a quarter of its rate', 5_000, hour, { firstPodShare: 0.25 }),
  faulty('stalled lane for 10 min', 5_000, 600, { stalledLane: 3 }),
  faulty('database stands for 2 min', 5_000, 120, { databaseStands: true }),
  faulty('Kafka is away for 2 min', 5_000, 120, { kafkaIsAway: true }),
];
