import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { currentVersion, versionsIn } from '../release/versions.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const pages = [
  ...[
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'schemas/readers/README.md',
  ],
  ...['docs', 'docker', 'k8s', 'ops'].flatMap(pagesBelow),
];

function pagesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => path.join(folder, file));
}

test.each(pages)('each link of %s leads to a file', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!);
  const broken = links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !existsSync(path.join(root, path.dirname(page), decodeURI(link))));
  expect(broken).toEqual([]);
});

test('the page about installations has every command', () => {
  const commands = [...read('cli/commands.ts').matchAll(/^ {2}(\w+): async/gm)].map((match) => match[1]!);
  expect(commands.length).toBeGreaterThan(10);
  const page = read('docs/production.md');
  expect(commands.filter((command) => !new RegExp(`\`${command}\\b`).test(page))).toEqual([]);
});

describe('the sample subscribers', () => {
  test.each(['typescript', 'python', 'java', 'go'])(
    'the schema beside the %s sample equals the checked schema',
    (language) => {
      expect(read(`docs/samples/${language}/outcome-counter.avsc`)).toBe(
        read('schemas/readers/orders.events.v1-value/outcome-counter.avsc'),
      );
    },
  );
});

test('the schema beside the sample ledger equals the checked schema', () => {
  expect(read('docs/samples/python/ledger.avsc')).toBe(
    read('schemas/readers/orders.events.v1-value/ledger.avsc'),
  );
});

test.each(versionsIn(root))('the version in %s equals that of package.json', (_place, version) => {
  expect(version).toBe(currentVersion(root));
});
