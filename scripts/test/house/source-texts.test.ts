import { expect, test } from 'vitest';
import { beginsPlainly } from './log-messages.ts';
import { textsOfSource } from './source-texts.ts';

const textsOf = (source: string): string[] => textsOfSource(source).sentences.map(({ text }) => text);

test('a block comment is read across its lines, one paragraph after the other', () => {
  const source =
    '\n/**\n * One sentence of\n * two lines.\n *\n * @param a second one\n */\nexport const a = 1;\n';
  expect(textsOfSource(source).sentences).toEqual([
    { text: 'One sentence of two lines.', line: 3, words: 5 },
    { text: 'a second one', line: 6, words: 3 },
  ]);
});

test('line comments below each other are one text, comments after code are not', () => {
  expect(textsOf('// one sentence\n// of two lines\nlet a = 1; // first\nlet b = 2; // second\n')).toEqual([
    'one sentence of two lines',
    'first',
    'second',
  ]);
});

test('log messages and test names are read, other strings and diagrams are not', () => {
  const source =
    "log.warn({ a }, 'a message'); test('a name', () => {}); query('SELECT 1 FROM a'); // a => b\n";
  expect(textsOf(source)).toEqual(['a name', 'a message']);
});

test('a sentence is counted from full stop to full stop, with all its clauses', () => {
  expect(textsOfSource('// one: two; three (https://a.example). Four.\n').sentences).toEqual([
    { text: 'one: two; three (address).', line: 1, words: 4 },
    { text: 'Four.', line: 1, words: 1 },
  ]);
});

test('the rows of a table in a comment are separate texts', () => {
  expect(textsOf('/**\n * idle      waits\n * busy      sends a batch\n */\n')).toEqual([
    'idle      waits',
    'busy      sends a batch',
  ]);
});

test('a log message is the last argument of a logger, in both branches of a condition', () => {
  const source = [
    "deps.log?.info(a, b ? 'one' : `two`);",
    "throttledLog('warn', a, 'three');",
    "log.error({ a: 'no' }, text);",
  ];
  expect(textsOfSource(source.join('\n')).logMessages).toEqual([
    { text: 'one', line: 1 },
    { text: 'two', line: 1 },
    { text: 'three', line: 2 },
  ]);
});

test('a log message begins with a lower-case letter, a proper name or a placeholder', () => {
  for (const text of ['the worker stops', 'Redis fails', `\${name} is ready`])
    expect(beginsPlainly(text), text).toBe(true);
  for (const text of ['The worker stops', 'ROLLBACK failed', 'Kafkaesque', ''])
    expect(beginsPlainly(text), text).toBe(false);
});
