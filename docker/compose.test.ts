import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workerProcessEnv } from '../services/worker/process-env.ts';
import { serviceProcesses } from '../stack/services.ts';

interface Service {
  readonly command?: string | string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly healthcheck?: {
    readonly interval: string;
    readonly start_interval: string;
    readonly test: string[];
  };
}

const text = readFileSync(path.join(import.meta.dirname, 'compose.yaml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
const programs = new Set(serviceProcesses.map(({ entry }) => entry));
const ours = Object.entries(services).filter(([, { command }]) => programs.has(String(command)));

describe('docker compose', () => {
  it.each(Object.entries(services).filter(([name]) => name !== 'setup'))(
    'checks the health of %s seldom, once it is ready',
    (_name, { healthcheck }) => {
      expect(healthcheck).toMatchObject({ interval: '30s', start_interval: '1s' });
      expect(healthcheck!.test.join(' '), 'a check starts no Java process').not.toMatch(/kafka-[a-z-]+\.sh/);
    },
  );

  it.each(ours)('lets other containers read the metrics of %s', (_name, { environment }) => {
    expect(environment).toMatchObject({ ADMIN_HOST: '0.0.0.0', ADMIN_PORT: 9100 });
  });

  it('gives workers the memory settings of `npm start`', () => {
    expect(services['worker']!.environment).toMatchObject(workerProcessEnv);
  });
});
