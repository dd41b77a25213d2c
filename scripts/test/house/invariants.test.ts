import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { trackedFiles } from './tracked.ts';

/** The numbers in texts such as `invariants 1, 2 and 7` or `invariants 1 to 6`. */
const citation = /\binvariants? (\d+(?:(?:, | and | to )\d+)*)/g;

test('each invariant that a comment cites is numbered in ARCHITECTURE.md', () => {
  const section = readFileSync('ARCHITECTURE.md', 'utf8')
    .split(/^## Invariants$/m)[1]!
    .split(/^## /m)[0]!;
  const numbered = new Set([...section.matchAll(/^(\d+)\. /gm)].map(([, number]) => number));
  const cited = [...trackedFiles('*.ts'), ...trackedFiles('*.md')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(citation)]
      .flatMap(([, numbers]) => numbers!.match(/\d+/g)!)
      .map((number) => ({ file, number })),
  );
  expect(cited.length).toBeGreaterThan(0);
  expect(cited.filter(({ number }) => !numbered.has(number))).toEqual([]);
});
