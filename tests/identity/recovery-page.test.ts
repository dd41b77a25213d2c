/** A test in this folder runs every section of docs/recovery.md that has commands, on real servers. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pageCommands } from '../support/programs/recovery-page.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runners = ['tests/identity', 'tests/support/arena/scenarios/identity'];

test('a test runs each section with commands', () => {
  const page = readFileSync(path.join(root, 'docs/recovery.md'), 'utf8');
  const sections = page
    .split(/^## /m)
    .slice(1)
    .filter((part) => part.includes('```sh'));
  const headings = sections.map((part) => part.slice(0, part.indexOf('\n')));
  const tests = runners.flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
  );
  expect(headings.length).toBeGreaterThan(4);
  for (const heading of headings) {
    expect(pageCommands(heading).length, heading).toBeGreaterThan(0);
    expect(
      tests.some((text) => text.includes(`typePage(arena, '${heading}')`)),
      heading,
    ).toBe(true);
  }
});
