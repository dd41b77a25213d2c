/** Plays the analysis of a canary on series of a good and of a bad version. Prometheus evaluates them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPromtool } from '../../stack/downloads/prometheus.ts';
import { render } from './render.ts';

interface Metric {
  readonly name: string;
  readonly successCondition: string;
  readonly provider: { readonly prometheus: { readonly query: string } };
}

/** The first run fetches promtool. */
const fetchDeadlineMs = 300_000;
const folder = mkdtempSync(path.join(tmpdir(), 'canary-'));
const objects = render('overlays/canary');
const metrics = objects
  .filter(({ kind }) => kind === 'AnalysisTemplate')
  .flatMap((template) => template['spec'].metrics as Metric[]);
let promtool = '';

beforeAll(async () => {
  promtool = await findPromtool({ tell: console.log, signal: AbortSignal.timeout(fetchDeadlineMs) });
}, fetchDeadlineMs);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Instance `new` has version 2, instance `old` has version 1. A number is the growth of a counter per minute. */
type Series = Readonly<Record<string, { readonly new: number; readonly old: number }>>;

const healthy: Series = {
  'http_requests_total{status="202"}': { new: 60, old: 600 },
  'http_requests_total{status="503"}': { new: 0, old: 0 },
  'http_request_seconds_bucket{route="placeOrder",mode="plain",le="0.12"}': { new: 59, old: 590 },
  'http_request_seconds_count{route="placeOrder",mode="plain"}': { new: 60, old: 600 },
  'worker_batch_retries_total{cause="contend"}': { new: 1, old: 10 },
  'worker_batch_seconds_count{}': { new: 60, old: 600 },
  'worker_outcomes_total{outcome="ACCEPTED"}': { new: 60, old: 600 },
  'worker_outcomes_total{outcome="REJECTED"}': { new: 6, old: 60 },
  'worker_outcomes_total{outcome="DEAD_LETTERED"}': { new: 0, old: 0 },
  'worker_lanes_refused_total{why="wentBack"}': { new: 0, old: 0 },
};
const idle: Series = {};
/** For each metric of the analysis one change of the new version that must stop it. */
const faults: Readonly<Record<string, Series>> = {
  'error-budget': { 'http_requests_total{status="503"}': { new: 1, old: 0 } },
  latency: {
    'http_request_seconds_bucket{route="placeOrder",mode="plain",le="0.12"}': { new: 54, old: 590 },
  },
  retries: { 'worker_batch_retries_total{cause="contend"}': { new: 6, old: 10 } },
  refusals: { 'worker_outcomes_total{outcome="REJECTED"}': { new: 15, old: 60 } },
  'dead-letters': { 'worker_outcomes_total{outcome="DEAD_LETTERED"}': { new: 1, old: 0 } },
  'refused-lanes': { 'worker_lanes_refused_total{why="wentBack"}': { new: 1, old: 0 } },
};

describe.each(metrics.map((metric) => [metric.name, metric] as const))(
  'the analysis of %s',
  (name, metric) => {
    it('lets a healthy version pass', () => expect(passes(metric, healthy)).toBe(true));
    it('lets a version without load pass', () => expect(passes(metric, idle)).toBe(true));
    it('stops a bad version', () => expect(passes(metric, { ...healthy, ...faults[name] })).toBe(false));
    it('does not blame the new version for the old one', () => {
      const swapped = Object.entries({ ...healthy, ...faults[name] }).map(
        ([series, rates]) => [series, { new: rates.old, old: rates.new }] as const,
      );
      expect(passes(metric, Object.fromEntries(swapped))).toBe(true);
    });
  },
);

it('does not stop a version whose requests are refused by a flag', () => {
  const budget = metrics.find(({ name }) => name === 'error-budget')!;
  const refusals = { 'http_requests_total{status="503",cause="flag"}': { new: 600, old: 600 } };
  expect(passes(budget, { ...healthy, ...refusals })).toBe(true);
});

it('plays a fault for each metric of each analysis', () => {
  expect(metrics.map(({ name }) => name).toSorted()).toEqual(Object.keys(faults).toSorted());
});

/** Whether the metric is met after ten minutes of these series. */
function passes({ successCondition, provider }: Metric, series: Series): boolean {
  const [, operator, limit] = /^result\[0\] (<=|==) ([\d.]+)$/.exec(successCondition)!;
  const expr = provider.prometheus.query.replaceAll('{{args.version}}', '2');
  const comparison = `(${expr}) ${operator} bool ${limit}`;
  const test = {
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: [...Object.entries(series).flatMap(seriesOf), ...versions],
        promql_expr_test: [{ expr: comparison, eval_time: '10m', exp_samples: [{ labels: '{}', value: 1 }] }],
      },
    ],
  };
  const file = path.join(folder, 'case.yaml');
  writeFileSync(file, stringify(test));
  try {
    execFileSync(promtool, ['test', 'rules', file], { encoding: 'utf8', stdio: 'pipe' });
    return true;
  } catch (error) {
    // A wrong query must not look like a stopped version.
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    expect(`${stdout}${stderr}`).toContain('got: {} 0E+00');
    return false;
  }
}

const versions = [
  { series: 'orderstream_build_info{instance="new",version="2"}', values: '1x20' },
  { series: 'orderstream_build_info{instance="old",version="1"}', values: '1x20' },
];

function seriesOf([name, rates]: [string, { readonly new: number; readonly old: number }]) {
  return (['new', 'old'] as const).map((instance) => ({
    series: `orderstream_${name.replace('{', `{instance="${instance}",`).replace(',}', '}')}`,
    values: `0+${rates[instance]}x20`,
  }));
}
