import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../log/index.ts';
import { createMetrics } from '../metrics/index.ts';
import { type AdminServer, createLifecycle, startAdminServer } from './index.ts';

const log = createLogger({ service: 't', level: 'silent', instanceId: 't' });
let server: AdminServer | undefined;
afterEach(() => server?.close());

async function start() {
  const lifecycle = createLifecycle({ log, service: 't' });
  server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    lifecycle,
    metrics: createMetrics({ service: 't' }),
    pages: new Map([['/own', () => ({ status: 503, body: { why: 'busy' } })]]),
  });
  const base = `http://127.0.0.1:${server.port}`;
  const status = async (path: string) => (await fetch(base + path)).status;
  return { lifecycle, base, status };
}

describe('lifecycle', () => {
  it('never goes back, and ignores illegal changes', () => {
    const lifecycle = createLifecycle({ log, service: 't' });
    const seen: string[] = [];
    lifecycle.onChange((state) => seen.push(state));
    lifecycle.ready();
    lifecycle.draining();
    lifecycle.ready();
    lifecycle.stopped();
    lifecycle.failed();
    expect(seen).toEqual(['ready', 'draining', 'stopped']);
  });

  it('is ready when every check passes, and names the failed checks', () => {
    const lifecycle = createLifecycle({ log, service: 't' });
    lifecycle.ready();
    const remove = lifecycle.addReadiness('kafka', () => 'no leader');
    lifecycle.addReadiness('mysql', () => {
      throw new Error('bug in the check');
    });
    expect(lifecycle.readiness()).toEqual({
      ready: false,
      problems: ['kafka: no leader', 'mysql: bug in the check'],
    });
    remove();
    lifecycle.addReadiness('mysql', () => true);
    expect(lifecycle.readiness()).toEqual({ ready: true, problems: [] });
  });
});

describe('admin server', () => {
  it('distinguishes starting, ready and draining', async () => {
    const { lifecycle, status } = await start();
    expect([await status('/startupz'), await status('/livez'), await status('/readyz')]).toEqual([
      503, 200, 503,
    ]);
    lifecycle.ready();
    expect([await status('/startupz'), await status('/livez'), await status('/readyz')]).toEqual([
      200, 200, 200,
    ]);
    lifecycle.draining();
    expect([await status('/startupz'), await status('/livez'), await status('/readyz')]).toEqual([
      200, 200, 503,
    ]);
  });

  it('reports why it is not ready', async () => {
    const { lifecycle, base } = await start();
    lifecycle.ready();
    lifecycle.addReadiness('kafka', () => 'no leader');
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', problems: ['kafka: no leader'] });
  });

  it('serves the pages of its service', async () => {
    const { base } = await start();
    const response = await fetch(`${base}/own?x=1`);
    expect([response.status, await response.json()]).toEqual([503, { why: 'busy' }]);
  });

  it('serves metrics, and nothing else', async () => {
    const { base, status } = await start();
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('nodejs_eventloop_lag_seconds');
    expect(await status('/metrics?x=1')).toBe(200);
    expect(await status('/')).toBe(404);
    expect((await fetch(`${base}/livez`, { method: 'POST' })).status).toBe(405);
  });
});
