import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { baseImages, pinned } from './base-images.ts';
import { releaseSection } from './changelog.ts';
import { lookUpDigest, parseImage } from './registry.ts';
import { compareVersions } from './versions.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(status: number, headers: Record<string, string>): Promise<string> {
  server = createServer((_request, response) => response.writeHead(status, headers).end('{}')).listen(
    0,
    '127.0.0.1',
  );
  await new Promise((resolve) => server!.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an image', () => {
  it.each([
    ['node:26-slim', 'registry-1.docker.io', 'library/node', '26-slim'],
    ['grafana/grafana:1.0', 'registry-1.docker.io', 'grafana/grafana', '1.0'],
    ['gcr.io/distroless/nodejs26-debian13:nonroot', 'gcr.io', 'distroless/nodejs26-debian13', 'nonroot'],
    [`localhost:5000/a:1@sha256:${'0'.repeat(64)}`, 'localhost:5000', 'a', '1'],
  ])('%s is read', (text, registry, repository, tag) => {
    expect(parseImage(text)).toEqual({ registry, repository, tag });
  });

  it('without a tag is refused', () => {
    expect(() => parseImage('node')).toThrow('no image with a tag');
  });

  it('is not pinned to a digest that is not that of the manifest', async () => {
    const mirror = await answering(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` });
    await expect(lookUpDigest(parseImage('node:26'), mirror)).rejects.toThrow('but its answer has sha256:');
  });

  it('that the registry does not have is an error', async () => {
    const mirror = await answering(404, {});
    await expect(lookUpDigest(parseImage('node:26'), mirror)).rejects.toThrow('answers 404');
  });
});

describe('a Dockerfile', () => {
  const text = `FROM --platform=$BUILDPLATFORM a:1 AS build\nFROM b:2@sha256:${'0'.repeat(64)} AS runtime\nFROM runtime AS product\n`;

  it('names base images, but no stages', () => {
    expect(baseImages(text)).toEqual(['a:1', 'b:2']);
  });

  it('gets the new digests', () => {
    const digests = new Map([
      ['a:1', 'sha256:aa'],
      ['b:2', 'sha256:bb'],
    ]);
    expect(pinned(text, digests)).toBe(
      'FROM --platform=$BUILDPLATFORM a:1@sha256:aa AS build\nFROM b:2@sha256:bb AS runtime\nFROM runtime AS product\n',
    );
  });
});

describe('a section of the changelog', () => {
  const text = '# Changelog\n\n## 1.2.0, not released yet\n\n- a\n\n## 1.1.0, 2026-01-01\n\n- b\n';

  it('gets version and date', () => {
    expect(releaseSection(text, '1.3.0', '2026-11-30')).toContain('## 1.3.0, 2026-11-30\n\n- a');
  });

  it.each([
    ['was released', text.replace('not released yet', '2026-02-02'), 'was released on 2026-02-02'],
    ['says nothing', text.replace('- a', ''), 'has no line'],
  ])('that %s is refused', (_what, changelog, reason) => {
    expect(() => releaseSection(changelog, '1.3.0', '2026-11-30')).toThrow(reason);
  });
});

it('versions are compared by number', () => {
  expect(compareVersions('1.10.0', '1.9.9')).toBeGreaterThan(0);
  expect(compareVersions('1.2.0', '1.2.0')).toBe(0);
});
