import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const dockerfile = readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8');
const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string }>;
};
const testedNode = lock.packages['node_modules/node']!.version;
const stages = new Map(
  dockerfile.split(/^(?=FROM )/m).flatMap((text) => {
    const name = /^FROM (?:--platform=\S+ )?\S+ AS (\w+)/.exec(text)?.[1];
    return name === undefined ? [] : [[name, text] as const];
  }),
);

describe('the Dockerfile', () => {
  it('builds with the Node that the tests run on, and runs on the same major version', () => {
    expect(stages.get('build')).toContain(` node:${testedNode}-slim`);
    expect(stages.get('runtime')).toContain(`/nodejs${testedNode.split('.')[0]}-debian13:nonroot`);
  });

  it('runs as a user that is a number and not root', () => {
    expect(/^USER (\d+):(\d+)$/m.exec(stages.get('runtime')!)?.slice(1).map(Number)).toEqual([65532, 65532]);
  });

  it('runs no command in the image that it makes', () => {
    for (const name of ['runtime', 'trial', 'product']) expect(stages.get(name)).not.toMatch(/^RUN /m);
  });

  it('builds on the platform of the builder', () => {
    expect(stages.get('build')).toMatch(/^FROM --platform=\$BUILDPLATFORM /);
  });

  it('makes the product image if no target is named', () => {
    expect([...stages.keys()].at(-1)).toBe('product');
  });

  it('copies what docker/image/ lists', () => {
    expect(stages.get('product')).toContain('COPY --from=build /product ./');
    const script = /RUN node (\S+) product \/product/.exec(stages.get('build')!)?.[1];
    expect(existsSync(path.join(root, script!))).toBe(true);
  });

  it.each(['title', 'description', 'licenses', 'version', 'revision'])(
    'labels the image with its %s',
    (key) => {
      expect(stages.get('product')).toContain(`org.opencontainers.image.${key}="`);
    },
  );
});
