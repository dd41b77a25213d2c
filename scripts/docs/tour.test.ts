import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const page = path.resolve(import.meta.dirname, '../../docs/tour.md');
const text = readFileSync(page, 'utf8');

/** The functions that the page names with their files: `name` ([file.ts](path)). */
const named = [...text.matchAll(/`([#\w]+)`\s+\(\[[^\]]+\]\(([^)]+)\)\)/g)].map((match) => ({
  name: match[1]!,
  file: path.join(path.dirname(page), match[2]!),
}));

test('the tour names the functions of the path of an order', () => {
  expect(named.length).toBeGreaterThan(25);
});

test.each(named)('$name is in the file that the tour links', ({ name, file }) => {
  expect(existsSync(file), file).toBe(true);
  // The declaration of a function, a method, a constant or a class.
  const declared = new RegExp(
    `(function |const |class |async |^ +)${name.replace('#', '\\#')}\\b(\\(|:| =| \\{|<)`,
    'm',
  );
  expect(readFileSync(file, 'utf8')).toMatch(declared);
});

test('every file that the tour names in its last table exists', () => {
  const table = text.slice(text.indexOf('## 5.'));
  const folders = [...table.matchAll(/`(services\/[\w/.-]+|tests\/[\w/.-]+)`/g)].map((match) => match[1]!);
  expect(folders.length).toBeGreaterThan(6);
  expect(folders.filter((file) => !existsSync(path.resolve(import.meta.dirname, '../..', file)))).toEqual([]);
});
