import { execFile } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findPromtool } from '../stack/downloads/prometheus.ts';
import { metricFaults } from './metric-faults.ts';
import { selectorsOf } from './promql.ts';

interface Alert {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
type AnyRule = Alert | { record: string; expr: string };
interface Case {
  name: string;
  input_series: { series: string }[];
  alert_rule_test: { alertname: string; exp_alerts: { exp_labels: Record<string, string> }[] }[];
}

const root = path.resolve(import.meta.dirname, '..');
const ruleFiles = readdirSync(path.join(root, 'ops/rules')).map((file) => `ops/rules/${file}`);
const caseFiles = readdirSync(path.join(root, 'ops/tests')).map((file) => `ops/tests/${file}`);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const rules = ruleFiles.flatMap((file) => {
  const { groups } = parse(read(file)) as { groups: { rules: AnyRule[] }[] };
  return groups.flatMap((group) => group.rules);
});
const alerts = rules.filter((rule): rule is Alert => 'alert' in rule);
const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));
const cases = caseFiles.flatMap((file) => (parse(read(file)) as { tests: Case[] }).tests);

const run = promisify(execFile);
/** The first run fetches promtool. */
const fetchDeadlineMs = 300_000;

describe('promtool', () => {
  let promtool = '';
  beforeAll(async () => {
    const context = { tell: console.log, signal: AbortSignal.timeout(fetchDeadlineMs) };
    promtool = await findPromtool(context);
  }, fetchDeadlineMs);

  test('accepts the rules', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', '--lint-fatal', ...ruleFiles], { cwd: root });
    expect(stdout).not.toContain('FAILED');
  });

  test('finds each case as expected', async () => {
    const { stdout } = await run(promtool, ['test', 'rules', ...caseFiles], { cwd: root });
    expect(stdout.match(/SUCCESS/g)).toHaveLength(caseFiles.length);
  });
});

test.each(rules)('each metric and label of "$expr" exists', ({ expr }) => {
  expect(metricFaults(expr, recorded)).toEqual([]);
});

test.each(cases)('each metric and label of the case "$name" exists', ({ input_series: series }) => {
  expect(series.flatMap((one) => metricFaults(one.series))).toEqual([]);
});

test('each route of a rule is an operation of the API', () => {
  const routes = rules
    .flatMap(({ expr }) => selectorsOf(expr).flatMap(({ matchers }) => matchers))
    .filter(({ label }) => label === 'route');
  const document = read('services/ingestion/openapi.json');
  expect(routes.length).toBeGreaterThan(0);
  for (const { value } of routes) expect(document).toContain(`"operationId": "${value}"`);
});

test('ServiceAbsent names each service', () => {
  const services = globSync('services/*/main.ts', { cwd: root }).map((file) => file.split('/')[1]);
  const { expr } = alerts.find(({ alert }) => alert === 'ServiceAbsent')!;
  const named = selectorsOf(expr).map(({ matchers }) => matchers[0]?.value);
  expect(named.toSorted()).toEqual(services.toSorted());
});

describe.each([...new Set(alerts.map(({ alert }) => alert))])('the alert %s', (name) => {
  const ofName = alerts.filter(({ alert }) => alert === name);
  const expectations = cases.flatMap((one) => one.alert_rule_test).filter((one) => one.alertname === name);

  test('has a severity, an owner, a summary and a runbook', () => {
    for (const { labels, annotations } of ofName) {
      expect(['page', 'ticket']).toContain(labels['severity']);
      expect(labels['owner']).toMatch(/^[a-z]+$/);
      expect(annotations['summary']).toMatch(/\.$/);
      expect(annotations['runbook']).toBe(`ops/runbooks/${name}.md`);
    }
    const headings = read(`ops/runbooks/${name}.md`).match(/^#+ .+$/gm);
    expect(headings).toEqual([
      `# ${name}`,
      '## What it means',
      '## How to look',
      '## What to do',
      '## When to wake somebody',
    ]);
  });

  test('has a case for each rule that fires, and a silent one', () => {
    const fired = expectations.flatMap((one) => one.exp_alerts.map(({ exp_labels: labels }) => labels));
    for (const { labels } of ofName) expect(fired).toContainEqual(expect.objectContaining(labels));
    expect(expectations.filter((one) => one.exp_alerts.length === 0)).not.toEqual([]);
  });
});

test('each runbook has its alert', () => {
  const named = new Set(alerts.map(({ alert }) => `${alert}.md`));
  expect(readdirSync(path.join(root, 'ops/runbooks')).filter((file) => !named.has(file))).toEqual([]);
});
