/** `npm start -- --once --observe`: the first command of the README, with servers of its own and a Prometheus. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { instanceDir, runningNames, serviceProcesses, stackReset } from '../../../stack/index.ts';
import { loadedAlerts, prometheusOrMissing, scrapedProcesses } from '../../support/alerts/prometheus-api.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import { unique, until } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const name = unique('t-once-').slice(0, 31);
/** These variables would name servers that run already. */
const serverSettings = [
  'KAFKA_BROKERS',
  'SCHEMA_REGISTRY_URL',
  'REDIS_URL',
  'MYSQL_URL',
  'KAFKA_TOPIC_PREFIX',
];
/**
 * The limit covers downloads and the start of four servers and seven services, on a machine with other work.
 */
const runMs = 300_000;

afterAll(() => stackReset(name));

/** The sums of the lives that the run prints: currency, placed, paid, refunded, kept. */
const money = [
  ['EUR', 'EUR 1,835.85', 'EUR 1,757.15', 'EUR 146.10', 'EUR 1,611.05'],
  ['USD', 'USD 132.71', 'USD 169.01', 'USD 36.30', 'USD 132.71'],
  ['JPY', 'JPY 3,975', 'JPY 3,975', 'JPY 0', 'JPY 3,975'],
  ['GBP', 'GBP 97.15', 'GBP 39.90', 'GBP 39.90', 'GBP 0.00'],
];

function moneyOf(stdout: string): string[][] {
  // Between currency and amount stands a space that does not break.
  const lines = stdout
    .replaceAll('\u00a0', ' ')
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  const head = lines.findIndex(([first, second]) => first === 'currency' && second === 'placed');
  return lines.slice(head + 1, head + 1 + money.length);
}

test('each sample order and each sample life gets its expected outcome, and nothing is left running', {
  timeout: runMs,
}, async (context) => {
  const program = await prometheusOrMissing();
  const run = start(isMissing(program) ? [] : ['--observe']);
  const [[code], observed] = await Promise.all([
    once(run, 'close'),
    isMissing(program) ? null : observe(run),
  ]);
  expect({ code, stderr: run.stderrText() }).toEqual({ code: 0, stderr: '' });
  expect(run.stdoutText()).toMatch(/^verify$/m);
  expect(moneyOf(run.stdoutText())).toEqual(money);
  // Shipped in two parcels; two of four units came back, and one of them was damaged.
  expect(run.stdoutText()).toMatch(
    /^ *units +ordered +cancelled +shipped +returned +restocked\n +72 +0 +4 +2 +1$/m,
  );
  expect(run.stdoutText()).toMatch(/^ *shipped in two parcels, .* closed +CLOSED /m);
  expect(run.stdoutText()).toMatch(/^ *stopped in /m);
  expect(runningNames(instanceDir(name))).toEqual([]);
  if (isMissing(program)) skipOrFail(context, program);
  const processes = serviceProcesses.map((one) => one.name).toSorted();
  expect(observed).toEqual({ processes, alerts });
});

/** Every alert of ops/rules, once. */
const alerts = globSync('ops/rules/*.yaml', { cwd: root })
  .flatMap((file) => readFileSync(path.join(root, file), 'utf8').match(/(?<=- alert: )\w+/g) ?? [])
  .filter((alert, index, all) => all.indexOf(alert) === index)
  .toSorted();

/** Reads from the run's Prometheus which processes it can scrape, and which alerts it knows. */
async function observe(run: Run): Promise<{ processes: string[]; alerts: string[] }> {
  const address = /^ *prometheus: ready at (\S+), /m;
  const found = await until(() => run.exitCode !== null || run.stdoutText().match(address), {
    what: 'the address of Prometheus',
    deadlineMs: runMs,
  });
  if (found === true) throw new Error(`the run ended before Prometheus was ready: ${run.stderrText()}`);
  const url = found[1]!;
  const processes = await until(
    async () => {
      const scraped = await scrapedProcesses(url);
      return scraped.length > 0 && scraped.every(({ health }) => health === 'up') ? scraped : null;
    },
    { what: 'a scrape of each process' },
  );
  const names = processes.map(({ labels }) => labels['instance']!);
  return { processes: names.toSorted(), alerts: await loadedAlerts(url) };
}

type Run = ChildProcess & { stdoutText(): string; stderrText(): string };

function start(flags: readonly string[]): Run {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !serverSettings.includes(key)),
  );
  const child = spawn(process.execPath, ['scripts/start.ts', '--once', ...flags, '--name', name], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (texts.stdout += chunk));
  child.stderr.on('data', (chunk) => (texts.stderr += chunk));
  return Object.assign(child, { stdoutText: () => texts.stdout, stderrText: () => texts.stderr });
}
