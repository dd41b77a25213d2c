/**
 * A stage of `npm test`: fails on sentences of more than 25 words and on words that readers cannot know. It checks
 * Markdown, the texts of the API document, and the comments, log messages and test names of TypeScript sources.
 */
import { readFileSync } from 'node:fs';
import { type Sentence, sentencesOf, sentencesOfMarkdown } from './sentences.ts';
import { sentencesOfSource } from './source-texts.ts';
import { trackedFiles } from './tracked.ts';
import { unclearWords } from './unclear-words.ts';

const wordsMax = 25;
const apiDocument = 'services/ingestion/openapi.json';

const faults = [
  ...trackedFiles('*.md').flatMap(checkMarkdown),
  ...checkApiDocument(),
  ...trackedFiles('*.ts').flatMap(checkSource),
];
for (const fault of faults) console.log(fault);
if (faults.length > 0)
  console.log(`${faults.length} places are hard to read (CONTRIBUTING.md, "Plain English")`);
process.exitCode = faults.length > 0 ? 1 : 0;

function checkMarkdown(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const long = sentencesOfMarkdown(text).flatMap((sentence) => tooLong(`${file}:${sentence.line}`, sentence));
  return [...long, ...unclear(file, text)];
}

function checkSource(file: string): string[] {
  if (file.startsWith('scripts/test/house/')) return [];
  const source = readFileSync(file, 'utf8');
  const long = sentencesOfSource(source).flatMap((sentence) => tooLong(`${file}:${sentence.line}`, sentence));
  return [...long, ...unclear(file, source)];
}

/** Titles, summaries and descriptions, wherever they are in the document. */
function checkApiDocument(): string[] {
  const faults: string[] = [];
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (typeof member === 'string' && ['title', 'summary', 'description'].includes(key)) {
        for (const sentence of sentencesOf(member, 0)) faults.push(...tooLong(`${at}/${key}`, sentence));
        faults.push(...unclear(`${at}/${key}`, member));
      } else visit(member, `${at}/${key}`);
    }
  };
  visit(JSON.parse(readFileSync(apiDocument, 'utf8')), apiDocument);
  return faults;
}

function tooLong(where: string, { text, words }: Sentence): string[] {
  return words > wordsMax ? [`${where}: ${words} words: ${text.slice(0, 100)}…`] : [];
}

function unclear(where: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      unclearWords
        .filter(({ pattern }) => pattern.test(line))
        .map(
          ({ instead }) => `${where}:${index + 1}: say it plainly (${instead}): ${line.trim().slice(0, 100)}`,
        ),
    );
}
