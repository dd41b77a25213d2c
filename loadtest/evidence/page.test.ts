import { expect, it } from 'vitest';
import type { BenchDocument } from '../frame/document.ts';
import { evidenceFiles } from './page.ts';

const sample = (orders: number, kafka: number) => ({
  orders,
  seconds: 2,
  cpuUs: { worker: 100, kafka, generator: 50 },
  p50Ms: 10,
  p99Ms: 20,
  batch: 1,
  rssMb: 100,
});

const document: BenchDocument = {
  bench: 'e2e',
  commit: '0123456789ab',
  machine: { cores: 2, processor: 'a processor', memoryGb: 24 },
  node: 'v26.0.0',
  rounds: 3,
  spinMs: [100, 110, 120],
  figures: [
    {
      name: 'e2e.vs',
      value: 2.5,
      unit: 'ratio',
      perRound: [2, 2.5, null],
      goal: { atLeast: 3, aim: 5 },
    },
    { name: 'e2e.none', value: null, unit: 'ms', perRound: [null], goal: null },
  ],
  runs: {
    'ours 64': [sample(2_000, 200), sample(4_000, 300), sample(3_000, 250)],
    'ours <1>': [{ problem: 'it failed' }],
  },
};

const [page, rates, cpu] = evidenceFiles([document]);

it('shows figures with their goal, and medians of the runs without the generator', () => {
  expect(page?.name).toBe('evidence.md');
  expect(page?.text).toContain('| `e2e.vs` | 2.5 | ratio | ≥ 3 | 2, 2.5, – |');
  expect(page?.text).toContain('| ours 64 | 1500 | 10 | 20 | 350 |');
});

it('leaves out figures and variants without a number', () => {
  expect(page?.text).not.toContain('e2e.none');
  expect(page?.text).not.toContain('ours <1>');
});

it('draws one bar per variant, with one part per process', () => {
  expect([rates?.name, cpu?.name]).toEqual(['bench/e2e-rates.svg', 'bench/e2e-cpu.svg']);
  expect(rates?.text.match(/<rect/g)).toHaveLength(1);
  // Two parts, and two entries of the legend.
  expect(cpu?.text.match(/<rect/g)).toHaveLength(4);
  expect(cpu?.text).toContain('<title>kafka: 250</title>');
  expect(cpu?.text).not.toContain('generator:');
});
