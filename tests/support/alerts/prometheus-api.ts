/** What the tests read from the HTTP API of a local Prometheus. */
import { findPrometheus } from '../../../stack/downloads/prometheus.ts';
import { StackError } from '../../../stack/index.ts';
import type { Missing } from '../programs/missing.ts';

/** An alert that is pending or fires, with the labels of its rule and of its series. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface ScrapedProcess {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
}

const askMs = 5_000;
const fetchMs = 300_000;

/** The program, or why this machine has none. The first call fetches it. */
export async function prometheusOrMissing(): Promise<{ command: string } | Missing> {
  const context = { tell: console.log, signal: AbortSignal.timeout(fetchMs) };
  return findPrometheus(context).catch((error: unknown) => {
    if (error instanceof StackError) return { missing: error.message };
    throw error;
  });
}

/** Pending and firing alerts. */
export async function activeAlerts(url: string): Promise<readonly ActiveAlert[]> {
  const { alerts } = await ask<{ alerts: ActiveAlert[] }>(url, 'alerts');
  return alerts;
}

/** Names of the loaded alert rules, each once. */
export async function loadedAlerts(url: string): Promise<string[]> {
  const { groups } = await ask<{ groups: { rules: { type: string; name: string }[] }[] }>(url, 'rules');
  const alerting = groups.flatMap(({ rules }) => rules).filter(({ type }) => type === 'alerting');
  return [...new Set(alerting.map(({ name }) => name))].toSorted();
}

/** The processes that it scrapes. */
export async function scrapedProcesses(url: string): Promise<readonly ScrapedProcess[]> {
  const { activeTargets } = await ask<{ activeTargets: ScrapedProcess[] }>(url, 'targets');
  return activeTargets;
}

async function ask<T>(url: string, what: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${what}`, { signal: AbortSignal.timeout(askMs) });
  if (!response.ok) throw new Error(`Prometheus answers ${response.status} for ${what}`);
  return ((await response.json()) as { data: T }).data;
}
