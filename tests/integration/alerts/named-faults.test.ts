/**
 * A real Prometheus evaluates the rules of ops/rules over a real worker and a real reconciliation. Three faults are planted,
 * and an alert names each. promtool tests every rule with made-up series.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startPrometheus, stopProcess } from '../../../stack/index.ts';
import { deadLetters, laneStopped, stockChanged } from '../../support/alerts/planted-faults.ts';
import {
  type ActiveAlert,
  activeAlerts,
  prometheusOrMissing,
  scrapedProcesses,
} from '../../support/alerts/prometheus-api.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { until } from '../../support/servers/stack.ts';

/** The figure: an alert names a fault within two minutes. */
const namedMs = 120_000;
const stopMs = 5_000;

const used = useArena('alerts');
const dir = mkdtempSync(path.join(tmpdir(), 'alerts-'));
const services: WorkerProcess[] = [];

afterAll(async () => {
  await stopProcess(dir, 'prometheus', stopMs);
  await Promise.all(services.map((service) => service.stop()));
  rmSync(dir, { recursive: true, force: true });
});

test('an alert names dead letters, a stopped lane and a stock row that was changed by hand', {
  timeout: 2 * namedMs,
}, async (context) => {
  const program = await prometheusOrMissing();
  if (isMissing(program)) return skipOrFail(context, program);
  const world = used();
  const faults = [deadLetters, laneStopped, stockChanged];
  const url = await observe(['worker', 'reconciliation']);
  await world.producer.send(placeCommand(newOrderOf(0), [world.skus[1]!]));
  await world.arena.quiesce();
  // Prometheus must see each counter before the faults, because `increase` counts from its first sample.
  await until(
    async () => {
      const scraped = await scrapedProcesses(url);
      return scraped.length === services.length && scraped.every(({ health }) => health === 'up');
    },
    { what: 'a scrape of each service' },
  );
  const isActive = async (alert: ActiveAlert['labels'], states = ['pending', 'firing']) => {
    const found = (await activeAlerts(url)).filter(({ state }) => states.includes(state));
    return found.some(({ labels }) => Object.entries(alert).every(([name, value]) => labels[name] === value));
  };
  for (const { alert } of faults) expect(await isActive(alert)).toBe(false);

  const repairs = [];
  for (const fault of faults) repairs.push(await fault.plant(world));
  await Promise.all(
    faults.map(({ what, alert }) =>
      until(() => isActive(alert, ['firing']), {
        what: `an alert that names ${what}`,
        deadlineMs: namedMs,
        everyMs: 250,
      }),
    ),
  );
  for (const repair of repairs) await repair();
  await until(async () => !(await isActive(stockChanged.alert)), {
    what: 'the end of the alert about stock',
    everyMs: 250,
  });
});

/** Starts the services, and a Prometheus that scrapes them every second. Returns its address. */
async function observe(names: readonly string[]): Promise<string> {
  const { env } = used().arena;
  const targets = await Promise.all(
    names.map(async (name) => {
      const service = await spawnService(name, { ...env, INSTANCE_ID: name, RECONCILE_EVERY: '200ms' });
      services.push(service);
      const { adminPort } = await service.logged((line) => line['adminPort'] !== undefined, 'an admin port');
      return { instance: name, adminUrl: `http://127.0.0.1:${adminPort}` };
    }),
  );
  const signal = AbortSignal.timeout(namedMs);
  return startPrometheus({
    dir,
    port: await freePort(),
    targets,
    everySeconds: 1,
    tell: console.log,
    signal,
  });
}
