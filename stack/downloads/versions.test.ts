import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { versions } from './versions.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

test('docker/compose.yaml uses the versions of the local stack, except for Redis', () => {
  const images = read('docker/compose.yaml').matchAll(/^ {4}image: (\S+):(\S+)$/gm);
  const found = Object.fromEntries([...images].map(([, image, version]) => [image, version]));
  expect(found).toMatchObject({
    'apache/kafka': versions.kafka.version,
    'apicurio/apicurio-registry': versions.registry.version,
    mariadb: versions.mariadb.version,
  });
});

test('the image uses the Node version of the scripts', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
  const bases = read('docker/Dockerfile').match(/(?<=^FROM .*)\bnode:[\d.]+/gm);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}`]));
});
