/** The pages of docs/decisions/. Two branches once took the same number. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = path.resolve(import.meta.dirname, '..', '..', '..', 'docs', 'decisions');
const pages = readdirSync(folder).filter((name) => /^\d{4}-/.test(name));

/** One line for each number that two pages have. */
function sharedNumbers(names: readonly string[]): string[] {
  return [...Map.groupBy(names, (name) => name.slice(0, 4))].flatMap(([number, same]) =>
    same.length > 1 ? [`${number}: ${same.join(' and ')}`] : [],
  );
}

describe('the pages of decisions', () => {
  it('have unique numbers', () => {
    expect(pages.length).toBeGreaterThan(50);
    expect(sharedNumbers(pages)).toEqual([]);
  });

  it('have a fault if two branches took one number', () => {
    expect(sharedNumbers(['0001-a.md', '0002-b.md', '0002-c.md'])).toEqual(['0002: 0002-b.md and 0002-c.md']);
  });

  it('begin with the number of their file', () => {
    for (const page of pages) {
      expect(readFileSync(path.join(folder, page), 'utf8')).toMatch(
        new RegExp(`^# 0*${Number(page.slice(0, 4))}[.:] `),
      );
    }
  });
});
