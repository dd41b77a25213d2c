/**
 * `npm run scaling`: plays loads and faults against the policy of the observer, and against the lag alone. `npm run scaling -- sizes`
 * prints what loads need, and `cells` what several pipelines beside each other cost (docs/capacity.md).
 */
import { addCell, cellOf, unsoldAtFirstRefusal } from './cells.ts';
import { lagPolicy, observerPolicy, type Policy } from './policies.ts';
import { scenarios } from './scenarios.ts';
import { type Played, simulate } from './simulate.ts';
import { sizeFor } from './sizes.ts';

const policies: Readonly<Record<string, () => Policy>> = { observer: observerPolicy, 'lag alone': lagPolicy };
/** The autoscaler looks every 15 s, and a burst can begin at any time between. */
const phases = [0, 5, 10];

const parts: Readonly<Record<string, () => void>> = { loads: showLoads, sizes: showSizes, cells: showCells };
const show = parts[process.argv[2] ?? 'loads'];
if (show === undefined) {
  console.error(`usage: npm run scaling -- [${Object.keys(parts).join('|')}]`);
  process.exitCode = 2;
} else show();

function showLoads(): void {
  for (const scenario of scenarios) {
    const rows = Object.entries(policies).map(([name, policy]) => {
      const all = phases.map((phase) => simulate(scenario, policy(), { phase }));
      return [name, worst(all)] as const;
    });
    console.log(`${scenario.name} (the worst of ${phases.length} phases)`);
    console.table(Object.fromEntries(rows));
  }
}

function showSizes(): void {
  for (const rate of [1_500, 8_000, 100_000]) {
    const { busyCores, ...size } = sizeFor(rate);
    const cores = Object.entries(busyCores).map(([part, value]) => [`cores of ${part}`, value.toFixed(2)]);
    console.log(`${rate} orders/s`);
    console.table({ ...size, ...Object.fromEntries(cores) });
  }
}

function showCells(): void {
  const customers = 100_000;
  const places = {
    'rendezvous hashing': cellOf,
    'remainder of a division': (customer: number, cells: number) => customer % cells,
  };
  for (const cells of [2, 4, 16]) {
    const moved = Object.entries(places).map(([name, place]) => {
      // The customer of rank n places a share of orders that falls with 1/n.
      return [
        name,
        addCell({ customers, cells, weightOf: (customer) => 1 / (customer + 1) }, place),
      ] as const;
    });
    console.log(`${cells} cells, and one more; orders of customers follow Zipf's law`);
    console.table(Object.fromEntries(moved));
  }
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);
  for (const units of [100, 1_000, 10_000]) {
    const mean = (cells: number, shareEvery: number | null): number =>
      seeds.reduce((sum, seed) => sum + unsoldAtFirstRefusal({ cells, units, shareEvery, seed }), 0) /
      seeds.length;
    console.log(`unsold share of ${units} units at the first refusal`);
    const rows = [2, 4, 16].map((cells) => [
      `${cells} cells`,
      {
        'never shared again': percent(mean(cells, null)),
        'shared 20 times': percent(mean(cells, units / 20)),
      },
    ]);
    console.table(Object.fromEntries(rows));
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** The worst value of each figure. */
function worst(all: readonly Played[]): Record<string, number> {
  const most = (of: (played: Played) => number): number => Math.max(...all.map(of));
  return {
    'steps an hour': round(most(({ stepsAnHour }) => stepsAnHour)),
    'replicas from': Math.min(...all.map(({ replicasMin }) => replicasMin)),
    to: most(({ replicasMax }) => replicasMax),
    mean: round(most(({ replicasMean }) => replicasMean)),
    'added in the fault': most(({ addedInFault }) => addedInFault),
    'seconds above 5 s': most(({ secondsLate }) => secondsLate),
    'oldest command, s': most(({ oldest }) => oldest),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
