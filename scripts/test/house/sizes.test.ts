import { expect, test } from 'vitest';
import { sizeFaults } from './sizes.ts';

const sized = (file: string, lines = 10) => ({ file, lines });
const folder = (name: string, count: number, ending = '.ts') =>
  Array.from({ length: count }, (_, index) => sized(`${name}/f${index}${ending}`));

test('a source file of 300 lines passes, one of 301 lines does not', () => {
  expect(sizeFaults([sized('cli/a.ts', 300)])).toEqual([]);
  expect(sizeFaults([sized('cli/a.ts', 301)])).toEqual(['cli/a.ts: 301 lines; the maximum is 300']);
});

test('a folder with 15 source files passes, one with 16 does not', () => {
  expect(sizeFaults(folder('cli', 15))).toEqual([]);
  expect(sizeFaults(folder('cli', 16))).toEqual(['cli/: 16 source files; the maximum is 15']);
});

test('files of an inner folder do not count for the outer one', () => {
  expect(sizeFaults([...folder('cli', 15), ...folder('cli/lag', 15)])).toEqual([]);
});

test('unit tests, declarations and generated files do not count', () => {
  const uncounted = [
    ...folder('cli', 16, '.test.ts'),
    ...folder('cli', 16, '.d.ts'),
    ...folder('cli/generated', 16),
    sized('cli/generated/api.ts', 4000),
    sized('cli/a.test.ts', 301),
    sized('cli/a.d.ts', 301),
  ];
  expect(sizeFaults(uncounted)).toEqual([]);
});

test('the tests in tests/ count as source files', () => {
  expect(sizeFaults(folder('tests/cases', 16, '.test.ts'))).toHaveLength(1);
  expect(sizeFaults([sized('tests/a.test.ts', 301)])).toHaveLength(1);
});
