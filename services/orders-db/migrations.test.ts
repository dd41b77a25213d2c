/** The files of the migrations. Two branches once took the same number. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Numbers that branches took and never landed. */
const neverUsed = new Set([9, 10]);
const names = migrationNames(readdirSync(path.join(import.meta.dirname, 'migrations')));

/** `0001_pipeline`, once for its up file and once for its down file. */
function migrationNames(files: readonly string[]): string[] {
  return files.map((file) => file.replace(/\.(up|down)\.sql$/, ''));
}

/** One line for each number that is missing, or that two migrations have. */
function numberFaults(migrations: Iterable<string>, unused: ReadonlySet<number>): string[] {
  const byNumber = Map.groupBy(new Set(migrations), (name) => Number(name.slice(0, 4)));
  const faults = [...byNumber].flatMap(([number, same]) =>
    same.length > 1 ? [`${number} belongs to ${same.join(' and ')}`] : [],
  );
  for (let number = 1; number <= Math.max(...byNumber.keys()); number++) {
    if (!byNumber.has(number) && !unused.has(number)) faults.push(`no migration has the number ${number}`);
  }
  return faults;
}

describe('the numbers of migrations', () => {
  it('are unique and without gaps', () => {
    expect(numberFaults(names, neverUsed)).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });

  it('have faults if two branches took one number, or if one is missing', () => {
    expect(numberFaults(['0001_a', '0001_a', '0002_b', '0002_c', '0004_d'], new Set())).toEqual([
      '2 belongs to 0002_b and 0002_c',
      'no migration has the number 3',
    ]);
  });

  it('each have an up file and a down file', () => {
    const counts = Object.values(Object.groupBy(names, (name) => name)).map((files) => files!.length);
    expect(new Set(counts)).toEqual(new Set([2]));
  });
});
