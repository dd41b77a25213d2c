import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { findPromtool } from '../../stack/downloads/prometheus.ts';
import { metricFaults } from '../metric-faults.ts';
import { groupingLabelsOf } from '../promql.ts';
import { grafanaDashboard, type Panel } from './builder.ts';
import { dashboards } from './dashboards.ts';

interface Placed {
  id: number;
  gridPos: { x: number; y: number; w: number; h: number };
}

const panels: Panel[] = dashboards.flatMap(({ rows }) => Object.values(rows).flat());
const queries = panels.flatMap((panel) => Object.entries(panel.queries));

/** The first run fetches promtool. */
const fetchDeadlineMs = 300_000;

test('promtool accepts each query', { timeout: fetchDeadlineMs }, async () => {
  const context = { tell: console.log, signal: AbortSignal.timeout(fetchDeadlineMs) };
  const promtool = await findPromtool(context);
  const folder = mkdtempSync(path.join(tmpdir(), 'dashboards-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'queries.yaml');
  const rules = queries.map(([expression], index) => ({
    record: `query:${index}`,
    expr: expression.replaceAll('$__rate_interval', '5m'),
  }));
  writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }));
  const { stdout } = await promisify(execFile)(promtool, ['check', 'rules', file]);
  expect(stdout).toContain(`${queries.length} rules found`);
});

test.each(queries)('each metric and label of %s exists', (expression) => {
  expect(metricFaults(expression)).toEqual([]);
});

test.each(queries)('the legend of %s names labels that the result has', (expression, legend) => {
  const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
  const labels = groupingLabelsOf(expression);
  const kept = labels.length > 0 ? labels.filter((label) => label !== 'le') : named;
  expect(named.toSorted()).toEqual([...new Set(kept)].toSorted());
});

test('each panel has a title of its own within its dashboard, and a help text', () => {
  for (const { rows } of dashboards) {
    const titles = Object.values(rows).flatMap((row) => row.map(({ title }) => title));
    expect(new Set(titles).size).toBe(titles.length);
  }
  expect(panels.filter(({ help }) => !help.endsWith('.'))).toEqual([]);
});

describe.each(dashboards.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_uid, dashboard) => {
  const { panels: placed } = grafanaDashboard(dashboard) as { panels: Placed[] };

  test('each panel has an id of its own, and no two panels overlap', () => {
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...placed.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});
