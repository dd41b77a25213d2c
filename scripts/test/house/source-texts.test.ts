import { expect, test } from 'vitest';
import { sentencesOfSource } from './source-texts.ts';

const textsOf = (source: string): string[] => sentencesOfSource(source).map(({ text }) => text);

test('a block comment is read across its lines, one paragraph after the other', () => {
  const source =
    '\n/**\n * One sentence of\n * two lines.\n *\n * @param a second one\n */\nexport const a = 1;\n';
  expect(sentencesOfSource(source)).toEqual([
    { text: 'One sentence of two lines.', line: 3, words: 5 },
    { text: 'a second one', line: 6, words: 3 },
  ]);
});

test('line comments below each other are one text, comments behind code are not', () => {
  expect(textsOf('// one sentence\n// of two lines\nlet a = 1; // first\nlet b = 2; // second\n')).toEqual([
    'one sentence of two lines',
    'first',
    'second',
  ]);
});

test('log messages and test names are read, other strings and diagrams are not', () => {
  const source =
    "log.warn({ a }, 'a message'); test('a name', () => {}); query('SELECT 1 FROM a'); // a => b\n";
  expect(textsOf(source)).toEqual(['a message', 'a name']);
});
