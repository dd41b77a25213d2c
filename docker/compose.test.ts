import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workerProcessEnv } from '../services/worker/process-env.ts';
import { serviceProcesses } from '../stack/services.ts';
import { imageFiles } from './image/contents.ts';

interface Service {
  readonly command?: string | string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly build?: { readonly target: string };
  readonly entrypoint?: unknown;
  readonly restart?: string;
  readonly healthcheck?: {
    readonly interval: string;
    readonly start_interval: string;
    readonly test: string[];
  };
}

const trialFiles = new Set(imageFiles(path.resolve(import.meta.dirname, '..'), 'trial'));
const text = readFileSync(path.join(import.meta.dirname, 'compose.yaml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
const programs = new Set(serviceProcesses.map(({ entry }) => entry));
const steps = Object.entries(services).filter(([, { restart }]) => restart === 'no');
const ours = Object.entries(services).filter(([, { command }]) => programs.has(String(command)));

describe('docker compose', () => {
  it.each(Object.entries(services).filter(([, { restart }]) => restart !== 'no'))(
    'checks the health of %s seldom, once it is ready',
    (_name, { healthcheck }) => {
      expect(healthcheck).toMatchObject({ interval: '30s', start_interval: '1s' });
      expect(healthcheck!.test.join(' '), 'a check starts no Java process').not.toMatch(/kafka-[a-z-]+\.sh/);
    },
  );

  it('runs the deploy steps once: setup and token', () => {
    expect(steps.map(([name]) => name)).toEqual(['setup', 'token']);
  });

  it.each([...ours, ...steps])('starts %s without a shell, from the trial image', (_name, service) => {
    expect(service.build?.target).toBe('trial');
    expect(service.entrypoint).toBeUndefined();
    const [entry] = [service.command].flat();
    expect(trialFiles.has(entry!), `${entry} is in the image`).toBe(true);
  });

  it.each(ours)('checks %s with the Node of the image, because it has no shell', (_name, { healthcheck }) => {
    expect(healthcheck!.test.slice(0, 2)).toEqual(['CMD', '/nodejs/bin/node']);
  });

  it.each(ours)('lets other containers read the metrics of %s', (_name, { environment }) => {
    expect(environment).toMatchObject({ ADMIN_HOST: '0.0.0.0', ADMIN_PORT: 9100 });
  });

  it('gives workers the memory settings of `npm start`', () => {
    expect(services['worker']!.environment).toMatchObject(workerProcessEnv);
  });
});
