/** k8s/README.md explains each object of a build. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Manifest, render } from './render.ts';

const text = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8');
const explained = new Set([...text.matchAll(/^\| `([A-Z]\w+ [\w-]+)` \|/gm)].map((match) => match[1]!));
const production = namesOf('overlays/prod');
const canary = namesOf('overlays/canary');

it.each(production)('%s of production is explained', (name) => {
  expect(explained).toContain(name);
});

it.each(canary)('%s of the canary is explained', (name) => {
  const kind = name.split(' ')[0]!;
  const isGroup = text.includes(`| \`${kind}\` objects |`);
  expect(isGroup || explained.has(name)).toBe(true);
});

it('explains no object that no build has', () => {
  expect([...explained].filter((name) => !canary.includes(name))).toEqual([]);
});

function namesOf(overlay: string): string[] {
  return render(overlay).map(nameOf);
}

/** Names that change with the version or the configuration have a word in capital letters for it. */
function nameOf({ kind, metadata: { name } }: Manifest): string {
  if (kind === 'Job') return `Job ${name.replace(/-\d+\.\d+\.\d+$/, '-VERSION')}`;
  return `${kind} ${kind === 'ConfigMap' ? name.replace(/-[a-z0-9]{10}$/, '-HASH') : name}`;
}
