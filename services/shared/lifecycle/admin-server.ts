import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorMessage } from '../errors/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Lifecycle } from './lifecycle.ts';

export type AdminServer = { port: number; close(): Promise<void> };
type Deps = {
  host: string;
  port: number;
  lifecycle: Lifecycle;
  metrics: Metrics;
  /** Further pages of the service by path. */
  pages?: ReadonlyMap<string, AdminPage>;
};
type Answer = { status: number; type: string; body: string };

/** Answers with JSON. It must be quick, because probes use the same port. */
export type AdminPage = () => { readonly status: number; readonly body: object };

/**
 * Health and metrics on a separate port, so that a saturated API still answers its probes. `/startupz` returns
 * 200 once the service has started. `/livez` returns 200 unless a restart would help. `/readyz` returns 200
 * while the service accepts traffic, and 503 as soon as draining begins. `/metrics` has the Prometheus text
 * format. A service may add pages.
 */
export async function startAdminServer(deps: Deps): Promise<AdminServer> {
  const { host, port } = deps;
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 },
    (request, response) => {
      void respond(request, response, deps);
    },
  );
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  const { status, type, body } = await answerOf(request, deps);
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerOf(request: IncomingMessage, { lifecycle, metrics, pages }: Deps): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return json(405, { status: 'only GET and HEAD' });
  const path = request.url?.split('?', 1)[0];
  switch (path) {
    case '/startupz':
      return json(lifecycle.state() === 'starting' ? 503 : 200, { status: lifecycle.state() });
    case '/livez': {
      const { alive, problems } = lifecycle.liveness();
      return alive ? json(200, { status: 'alive' }) : json(503, { status: 'not alive', problems });
    }
    case '/readyz': {
      const { ready, problems } = lifecycle.readiness();
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', problems });
    }
    case '/metrics':
      try {
        return { status: 200, type: metrics.contentType, body: await metrics.text() };
      } catch (error) {
        // The scraper records a 500 as a failed scrape, which raises the alarm.
        return json(500, { status: errorMessage(error) });
      }
    default: {
      const page = pages?.get(path ?? '')?.();
      return page === undefined ? json(404, { status: 'not found' }) : json(page.status, page.body);
    }
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}
