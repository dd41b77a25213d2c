import { expect, test } from 'vitest';
import { sentencesOfMarkdown } from './sentences.ts';
import { unclearWords } from './unclear-words.ts';

const textsOf = (markdown: string): string[] => sentencesOfMarkdown(markdown).map(({ text }) => text);

test('a paragraph of several lines is cut at the ends of its sentences', () => {
  expect(sentencesOfMarkdown('# Title\n\nOne sentence\nof two lines. Another one!\n')).toEqual([
    { text: 'Title', line: 1, words: 1 },
    { text: 'One sentence of two lines.', line: 3, words: 5 },
    { text: 'Another one!', line: 3, words: 2 },
  ]);
});

test('code blocks and addresses are no prose', () => {
  expect(
    textsOf('```sh\nnpm start -- --once and many words more\n```\nSee [the page](https://a.example/b).'),
  ).toEqual(['See the page.']);
  expect(textsOf('Run `npm run bench -- store --quick` first.')).toEqual(['Run code first.']);
});

test('list items and cells of a table are read by themselves', () => {
  expect(textsOf('- one\n- two\n\n| a cell | another cell |\n| --- | --- |')).toEqual([
    'one',
    'two',
    'a cell',
    'another cell',
  ]);
});

test('a dead letter is a term of the field, an heir is not', () => {
  const found = (text: string) => unclearWords.filter(({ pattern }) => pattern.test(text)).length;
  expect(found('The record becomes a dead letter; its successor goes on.')).toBe(0);
  expect(found('The record is set aside by its heir.')).toBe(2);
});
